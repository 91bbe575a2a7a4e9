// The texts of a mail's header: addresses, encoded words, parameters. Nothing that they return can end a header line but
// by a fold. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
	char *name; // what people see; NULL: none
	char *address; // user@host, ASCII
} MailAddress;

void mail_address_free(MailAddress *address);

// Appends the addresses of a text to list (of MailAddress *): "a@b, Ann <c@d>; \"Last, First\" <e@f>". Hosts of other scripts are
// put in their ASCII form. False with a TASK_ERROR_PROPERTY that names key and the address that is none.
bool mail_addresses_parse(const char *key, const char *text, GPtrArray *list, GError **error);
// "To: Ann <c@d>,\r\n e@f": names that are not plain ASCII as RFC 2047 says. The caller frees it.
char *mail_addresses_header(const char *name, const GPtrArray *list);
// A header of free text; line breaks and other control characters become blanks. The caller frees it.
char *mail_text_header(const char *name, const char *text);
// Content-Disposition with the name of a file, also one that is not ASCII (RFC 2231). The caller frees it.
char *mail_disposition_header(const char *kind, const char *file_name);
// The text with CRLF as the end of each line, as mail wants it. The caller frees it.
char *mail_lines(const char *text);
