// Which variables of project and domain the texts of a flow use. Their values become part of its definition: another value is
// another revision, of the flows that use it and of no others.
#pragma once

#include "expr/template.h"
#include "repo-layout/layout_private.h"

// Notes what a path names of "vars": its value, and what that value's own texts use. A path that does not say which one uses all of
// them.
void variable_use_path(const DomainConfig *config, const ExprPath *path, VariableUse *used);

// The same of every text inside a value; NULL uses nothing.
void variable_use_value(const DomainConfig *config, const json_t *value, VariableUse *used);

// Whether there is something to put into a definition: too much of it is left out.
bool variable_use_fits(const VariableUse *used);

// Lets go of the values.
void variable_use_clear(VariableUse *used);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VariableUse, variable_use_clear)
