// Literals for rows of the store, whose members are not const.
#pragma once

#include <stdint.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))
