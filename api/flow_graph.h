// The tasks of a flow as nodes and edges. Pure.
#pragma once

#include <jansson.h>

// {nodes, edges} from a flow's definition (canonical JSON). A new reference.
json_t *flow_graph_document(const json_t *definition);
