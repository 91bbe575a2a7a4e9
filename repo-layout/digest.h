// SHA-256 for the folders above this one, which do not call sql/ themselves: plans are told apart by the same digests as
// what they are made of.
#pragma once

#include "sql/sha256.h"
