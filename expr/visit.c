// What a template mentions, for validation: its variables and its calls.
#include "expr/ast.h"
#include "expr/callee.h"

#include <string.h>

typedef struct {
	const ExprTemplate *template_;
	void (*path)(const ExprPath *path, void *data);
	void (*call)(const ExprCall *call, void *data);
	void *data;
	unsigned guarded;
	GPtrArray *locals; // names of the template's own variables
	size_t offset; // of the last place, and what it was
	unsigned line, column; // line 0: there was none
} Visit;

static void visit_node(Visit *visit, const ExprNode *node);
static void visit_body(Visit *visit, const NodeList *body);

static bool is_local(const Visit *visit, const char *name)
{
	for (guint i = 0; i < visit->locals->len; i++) {
		if (strcmp(visit->locals->pdata[i], name) == 0)
			return true;
	}
	return false;
}

static void push_local(Visit *visit, const char *name)
{
	if (name != NULL)
		g_ptr_array_add(visit->locals, (gpointer)(uintptr_t)name);
}

static void visit_guarded(Visit *visit, const ExprNode *node)
{
	visit->guarded++;
	visit_node(visit, node);
	visit->guarded--;
}

static void visit_list(Visit *visit, const NodeList *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		visit_node(visit, list->nodes[i]);
}

// Nearly every place is behind the one before: a long text is not counted through again for each.
static void position(Visit *visit, size_t offset, unsigned *ret_line, unsigned *ret_column)
{
	unsigned line, column;

	if (visit->line == 0 || offset < visit->offset) {
		expr_text_position(visit->template_->text, offset, &visit->line, &visit->column);
	} else {
		expr_text_position(visit->template_->text + visit->offset, offset - visit->offset,
			&line, &column);
		visit->column = line > 1 ? column : visit->column + column - 1;
		visit->line += line - 1;
	}
	visit->offset = offset;
	*ret_line = visit->line;
	*ret_column = visit->column;
}

static void visit_path(Visit *visit, const ExprNode *node)
{
	size_t count = (size_t)node->path.count + 1;
	g_autofree const char **names = NULL;
	ExprPath path = {.count = count, .guarded = visit->guarded > 0, .offset = node->offset};

	visit_node(visit, node->path.base);
	if (node->path.root != NULL && visit->path != NULL && !is_local(visit, node->path.root)) {
		names = g_new0(const char *, count);
		names[0] = node->path.root;
		for (uint32_t i = 0; i < node->path.count; i++)
			names[i + 1] = node->path.steps[i].name;
		path.names = names;
		position(visit, node->offset, &path.line, &path.column);
		visit->path(&path, visit->data);
	}
	for (uint32_t i = 0; i < node->path.count; i++)
		visit_node(visit, node->path.steps[i].subscript);
}

// Whether the condition says that a variable is there: `x is defined`, also as part of an `and`.
static bool is_guard(const ExprNode *node)
{
	if (node == NULL)
		return false;
	if (node->kind == NODE_AND)
		return is_guard(node->operands.a) || is_guard(node->operands.b);
	return node->kind == NODE_TEST && (node->call.callee->flags & CALLEE_TAKES_UNDEFINED);
}

static void visit_operands(Visit *visit, const ExprNode *node)
{
	bool guards =
		(node->kind == NODE_AND || node->kind == NODE_OR || node->kind == NODE_CHOICE) &&
		is_guard(node->operands.a);

	if (node->kind == NODE_COALESCE || node->kind == NODE_COALESCE_UNDEFINED)
		visit_guarded(visit, node->operands.a);
	else
		visit_node(visit, node->operands.a);
	visit->guarded += guards;
	visit_node(visit, node->operands.b);
	visit_node(visit, node->operands.c);
	visit->guarded -= guards;
}

static void visit_call(Visit *visit, const ExprNode *node)
{
	const NodeList *arguments = &node->call.arguments;
	const ExprNode *first = arguments->count > 0 ? arguments->nodes[0] : NULL;
	ExprCall call = {.name = node->call.callee->name, .offset = node->offset};

	if (first != NULL && first->kind == NODE_LITERAL)
		call.first = json_string_value(first->literal);
	if (visit->call != NULL) {
		position(visit, node->offset, &call.line, &call.column);
		visit->call(&call, visit->data);
	}
	visit_list(visit, arguments);
}

static void visit_applied(Visit *visit, const ExprNode *node)
{
	if (node->call.callee->flags & CALLEE_TAKES_UNDEFINED)
		visit_guarded(visit, node->call.input);
	else
		visit_node(visit, node->call.input);
	visit_list(visit, &node->call.arguments);
}

static void visit_if(Visit *visit, const ExprNode *node)
{
	for (uint32_t i = 0; i < node->choice.count; i++) {
		const Branch *branch = &node->choice.branches[i];
		bool guards = branch->condition == NULL
				      ? i > 0 && is_guard(node->choice.branches[0].condition)
				      : is_guard(branch->condition);

		visit_node(visit, branch->condition);
		visit->guarded += guards;
		visit_body(visit, &branch->body);
		visit->guarded -= guards;
	}
}

static void visit_for(Visit *visit, const ExprNode *node)
{
	guint before = visit->locals->len;

	visit_node(visit, node->loop.list);
	push_local(visit, "loop");
	push_local(visit, node->loop.key);
	push_local(visit, node->loop.value);
	visit_body(visit, &node->loop.body);
	g_ptr_array_set_size(visit->locals, (gint)before);
	visit_body(visit, &node->loop.otherwise);
}

static void visit_set(Visit *visit, const ExprNode *node)
{
	visit_node(visit, node->set.value);
	visit_body(visit, &node->set.body);
	push_local(visit, node->set.name);
}

static void visit_node(Visit *visit, const ExprNode *node)
{
	if (node == NULL)
		return;
	switch ((NodeKind)node->kind) {
	case NODE_PATH: visit_path(visit, node); break;
	case NODE_LIST:
	case NODE_MAP:
	case NODE_INTERPOLATION: visit_list(visit, &node->items); break;
	case NODE_NOT:
	case NODE_NEGATE:
	case NODE_PLUS:
	case NODE_AND:
	case NODE_OR:
	case NODE_BINARY:
	case NODE_COALESCE:
	case NODE_COALESCE_UNDEFINED:
	case NODE_CHOICE: visit_operands(visit, node); break;
	case NODE_FILTER:
	case NODE_TEST: visit_applied(visit, node); break;
	case NODE_CALL: visit_call(visit, node); break;
	case NODE_MACRO_CALL: visit_list(visit, &node->macro_call.arguments); break;
	case NODE_OUTPUT: visit_node(visit, node->output); break;
	case NODE_IF: visit_if(visit, node); break;
	case NODE_FOR: visit_for(visit, node); break;
	case NODE_SET: visit_set(visit, node); break;
	case NODE_BLOCK: visit_body(visit, &node->block.body); break;
	case NODE_FILTERED:
		visit_body(visit, &node->filtered.body);
		visit_node(visit, node->filtered.filter);
		break;
	case NODE_LITERAL:
	case NODE_BLOCK_CALL:
	case NODE_TEXT: break;
	}
}

static void visit_body(Visit *visit, const NodeList *body)
{
	for (uint32_t i = 0; i < body->count; i++)
		visit_node(visit, body->nodes[i]);
}

static void visit_macros(Visit *visit)
{
	const GPtrArray *macros = visit->template_->macros;

	for (guint i = 0; macros != NULL && i < macros->len; i++) {
		const Macro *macro = macros->pdata[i];

		g_ptr_array_set_size(visit->locals, 0);
		for (uint32_t j = 0; j < macro->count; j++) {
			visit_node(visit, macro->defaults[j]);
			push_local(visit, macro->parameters[j]);
		}
		visit_body(visit, &macro->body);
	}
}

static void visit_template(Visit *visit)
{
	visit->locals = g_ptr_array_new();
	visit_body(visit, &visit->template_->body);
	visit_macros(visit);
	g_ptr_array_unref(visit->locals);
}

void expr_template_paths(
	const ExprTemplate *template_, void (*visit)(const ExprPath *path, void *data), void *data)
{
	Visit walk = {.template_ = template_, .path = visit, .data = data};

	visit_template(&walk);
}

void expr_template_calls(
	const ExprTemplate *template_, void (*visit)(const ExprCall *call, void *data), void *data)
{
	Visit walk = {.template_ = template_, .call = visit, .data = data};

	visit_template(&walk);
}

const char *expr_template_last_filter(const ExprTemplate *template_)
{
	const ExprNode *single = template_->single;

	return single == NULL || single->kind != NODE_FILTER ? NULL : single->call.callee->name;
}
