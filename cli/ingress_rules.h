// What the ingress is told about triggers: the language of flows, which the API does not speak.
#pragma once

#include "api/ingress_flow.h"
#include "runner/runner.h"

// options: where secrets come from; borrowed for as long as the rules are used.
IngressRules ingress_rules(RunnerOptions *options);
