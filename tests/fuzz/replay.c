// Runs a fuzz target over every file of a corpus folder, and then over inputs made from those at random, so that every build
// tests what the fuzzer would: `replay FOLDER [MILLISECONDS [SEED]]`. What is tried lies in a file all the while; when the
// target crashes it is left there, and the folder's harness or libFuzzer takes it.
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LONGEST = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The file of what is being tried: mapped, so that it outlives any end of the process.
typedef struct {
	char *path;
	int file;
	uint8_t *bytes;
} Trial;

static bool trial_open(Trial *trial, const char *corpus)
{
	g_autofree char *target = g_path_get_basename(corpus);

	trial->path =
		g_strdup_printf("%s/weir-crash-%s-%d", g_get_tmp_dir(), target, (int)getpid());
	trial->file = open(trial->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (trial->file < 0 || ftruncate(trial->file, LONGEST) != 0) {
		perror(trial->path);
		return false;
	}
	trial->bytes = mmap(NULL, LONGEST, PROT_READ | PROT_WRITE, MAP_SHARED, trial->file, 0);
	fprintf(stderr, "what crashes is left in %s\n", trial->path);
	return trial->bytes != MAP_FAILED;
}

static void trial_close(Trial *trial)
{
	munmap(trial->bytes, LONGEST);
	close(trial->file);
	unlink(trial->path);
	g_free(trial->path);
}

// A copy of its own, so that a read past the end is seen.
static void try_input(const Trial *trial, const uint8_t *data, size_t size)
{
	g_autofree uint8_t *copy = g_memdup2(data, MAX(size, 1));

	size = MIN(size, LONGEST);
	memcpy(trial->bytes, data, size);
	if (ftruncate(trial->file, (off_t)size) != 0)
		abort();
	LLVMFuzzerTestOneInput(copy, size);
	if (ftruncate(trial->file, LONGEST) != 0)
		abort();
}

// ---- The corpus ---------------------------------------------------------------------------------------------------

static int order_names(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

static GPtrArray *read_corpus(const char *folder)
{
	g_autoptr(GPtrArray) inputs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) entries = g_dir_open(folder, 0, &error);
	const char *name;

	while (entries != NULL && (name = g_dir_read_name(entries)) != NULL)
		g_ptr_array_add(names, g_build_filename(folder, name, NULL));
	// The same order everywhere: a seed means the same inputs.
	g_ptr_array_sort(names, order_names);
	for (guint i = 0; error == NULL && i < names->len; i++) {
		char *content = NULL;
		gsize length = 0;

		if (g_file_get_contents(names->pdata[i], &content, &length, &error))
			g_ptr_array_add(inputs, g_bytes_new_take(content, length));
	}
	if (error == NULL && inputs->len > 0)
		return g_steal_pointer(&inputs);
	fprintf(stderr, "%s\n", error != NULL ? error->message : "no input was replayed");
	return NULL;
}

// ---- Inputs made at random ----------------------------------------------------------------------------------------

typedef void (*Mutation)(GByteArray *input, GRand *chance, const GBytes *other);

static guint place(GRand *chance, guint length)
{
	return length == 0 ? 0 : (guint)g_rand_int_range(chance, 0, (gint32)length);
}

static void change_byte(GByteArray *input, GRand *chance, const GBytes *other)
{
	static const uint8_t telling[] = "\0\n\t \"'`\\/*-:,{}[]()<>%|&~#!$@;=.?x0\x7f\x80\xc3\xff";

	(void)other;
	if (input->len > 0)
		input->data[place(chance, input->len)] =
			telling[place(chance, sizeof(telling) - 1)];
}

static void flip_bit(GByteArray *input, GRand *chance, const GBytes *other)
{
	(void)other;
	if (input->len > 0)
		input->data[place(chance, input->len)] ^= (uint8_t)(1U << place(chance, 8));
}

static void remove_part(GByteArray *input, GRand *chance, const GBytes *other)
{
	guint at = place(chance, input->len);

	(void)other;
	if (input->len > 0)
		g_byte_array_remove_range(input, at, 1 + place(chance, MIN(input->len - at, 64)));
}

static void insert(GByteArray *input, guint at, const uint8_t *bytes, guint length)
{
	guint rest = input->len - at;

	g_byte_array_set_size(input, input->len + length);
	memmove(input->data + at + length, input->data + at, rest);
	memcpy(input->data + at, bytes, length);
}

static void repeat_part(GByteArray *input, GRand *chance, const GBytes *other)
{
	guint at = place(chance, input->len);
	guint length = 1 + place(chance, MIN(input->len - at, 200));

	(void)other;
	if (input->len == 0)
		return;
	g_autofree uint8_t *part = g_memdup2(input->data + at, length);
	for (guint i = place(chance, 8) + 1; i > 0 && input->len + length < LONGEST; i--)
		insert(input, at, part, length);
}

static void cut(GByteArray *input, GRand *chance, const GBytes *other)
{
	(void)other;
	g_byte_array_set_size(input, place(chance, input->len + 1));
}

static void splice_in(GByteArray *input, GRand *chance, const GBytes *other)
{
	gsize length = 0;
	const uint8_t *bytes = g_bytes_get_data((GBytes *)(uintptr_t)other, &length);
	guint from = place(chance, (guint)length);
	guint wanted = 1 + place(chance, 500);
	guint count = MIN((guint)length - from, wanted);

	if (length > 0 && input->len + count < LONGEST)
		insert(input, place(chance, input->len + 1), bytes + from, count);
}

static const Mutation MUTATIONS[] = {
	change_byte, change_byte, flip_bit, remove_part, repeat_part, cut, splice_in};

static void try_mutant(const Trial *trial, const GPtrArray *inputs, GRand *chance)
{
	GBytes *first = inputs->pdata[place(chance, inputs->len)];
	gsize length = 0;
	const uint8_t *bytes = g_bytes_get_data(first, &length);
	g_autoptr(GByteArray) input = g_byte_array_new();

	if (length > 0)
		g_byte_array_append(input, bytes, (guint)MIN(length, LONGEST));
	for (guint i = 1 + place(chance, 4); i > 0; i--)
		MUTATIONS[place(chance, G_N_ELEMENTS(MUTATIONS))](
			input, chance, inputs->pdata[place(chance, inputs->len)]);
	try_input(trial, input->data != NULL ? input->data : (const uint8_t *)"", input->len);
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) inputs = argc > 1 ? read_corpus(argv[1]) : NULL;
	gint64 milliseconds = argc > 2 ? g_ascii_strtoll(argv[2], NULL, 10) : 0;
	guint32 seed = argc > 3 ? (guint32)g_ascii_strtoull(argv[3], NULL, 10) : 1;
	g_autoptr(GRand) chance = g_rand_new_with_seed(seed);
	gint64 end = g_get_monotonic_time() + milliseconds * 1000;
	unsigned mutants = 0;
	Trial trial;

	if (inputs == NULL || !trial_open(&trial, argv[1]))
		return 1;
	for (guint i = 0; i < inputs->len; i++) {
		gsize length = 0;
		const uint8_t *bytes = g_bytes_get_data(inputs->pdata[i], &length);

		try_input(&trial, bytes != NULL ? bytes : (const uint8_t *)"", length);
	}
	for (; g_get_monotonic_time() < end; mutants++)
		try_mutant(&trial, inputs, chance);
	trial_close(&trial);
	printf("%u inputs replayed, %u made from them with seed %u\n", inputs->len, mutants, seed);
	return 0;
}
