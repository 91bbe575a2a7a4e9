// The passphrase of an ssh key: ssh asks for it by starting the program that SSH_ASKPASS names, which is this one.
#pragma once

#include <stdbool.h>

// The variable that tells where the passphrase is: "file:PATH" or "env:NAME".
#define PASSPHRASE_VARIABLE "WEIR_SSH_PASSPHRASE"

// Whether ssh started this process to ask for a passphrase, and the answer on stdout; returns the exit status.
bool ssh_asks_passphrase(int argc, char **argv);
int ssh_answer_passphrase(void);
