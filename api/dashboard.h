// The status page at '/': one HTML document with its style and script inside, built into the program.
#pragma once

// The document.
const char *dashboard_page(void);

// The Content-Security-Policy under which only its own style and script run. Made once; safe from any thread.
const char *dashboard_security_policy(void);
