// llama.cpp as a line server:  llama_bench model.gguf BACKENDS THREADS MAX_TOKENS
//
// The protocol is that of onnx.cjs, with one document a line. V is the last token's hidden state: there
// is no Dense chain, so this does a little less work than the others.
//
// In the time: llama_encode, from a filled batch to hidden states in memory. F16 weights, flash attention
// as llama.cpp chooses, one thread pool, threads spinning while they wait for each other.
#include "ggml-backend.h"
#include "llama.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static void log_errors(enum ggml_log_level level, const char *text, void *unused) {
  (void)unused;
  if (level >= GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static int ascending(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return (d > 0) - (d < 0);
}

static int fail(const char *message) {
  fprintf(stderr, "%s\n", message);
  return 1;
}

enum { MAX_RUNS = 4096 };

int main(int argc, char **argv) {
  if (argc != 5) return fail("usage: llama_bench model.gguf BACKENDS THREADS MAX_TOKENS");
  int threads = atoi(argv[3]), max_tokens = atoi(argv[4]);
  if (threads < 1 || max_tokens < 1) return fail("expected threads and tokens of 1 or more");

  llama_log_set(log_errors, NULL);
  ggml_backend_load_all_from_path(argv[2]);
  llama_backend_init();
  struct llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model) return fail("the model can't be loaded");
  struct llama_context_params p = llama_context_default_params();
  p.n_ctx = p.n_batch = p.n_ubatch = (max_tokens + 31) / 32 * 32;
  p.n_seq_max = 1;
  p.n_threads = p.n_threads_batch = threads;
  p.embeddings = true;
  p.pooling_type = LLAMA_POOLING_TYPE_NONE;
  p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_AUTO;
  struct llama_context *context = llama_init_from_model(model, p);
  if (!context) return fail("the context can't be made");
  int width = llama_model_n_embd(model);
  struct llama_batch batch = llama_batch_init(max_tokens, 0, 1);
  static double times[MAX_RUNS];

  printf("ready llama.cpp\n");
  fflush(stdout);
  char *line = NULL;
  size_t capacity = 0;
  while (getline(&line, &capacity, stdin) > 0) {
    if (strchr(line, ';')) return fail("expected one document a line");
    char *at;
    double least = strtod(line, &at);
    int n = 0;
    for (;;) {
      char *end;
      long id = strtol(at, &end, 10);
      if (end == at) break;
      if (n == max_tokens) return fail("a document is longer than MAX_TOKENS");
      at = end;
      batch.token[n] = (llama_token)id;
      batch.pos[n] = n;
      batch.n_seq_id[n] = 1;
      batch.seq_id[n][0] = 0;
      batch.logits[n] = 1;
      n++;
    }
    if (n == 0) return fail("a document has no tokens");
    batch.n_tokens = n;

    int runs = 0;
    double start = now_ms();
    const float *state;
    do {
      double t = now_ms();
      if (llama_encode(context, batch)) return fail("llama_encode failed");
      state = llama_get_embeddings_ith(context, n - 1); // waits for the result
      times[runs++] = now_ms() - t;
    } while (runs < MAX_RUNS && now_ms() - start < least);
    qsort(times, runs, sizeof *times, ascending);
    printf("%.6f", (times[(runs - 1) / 2] + times[runs / 2]) / 2);
    for (int i = 0; i < width; i++) printf(" %.9g", state[i]);
    printf("\n");
    fflush(stdout);
  }
  free(line);
  llama_batch_free(batch);
  llama_free(context);
  llama_model_free(model);
  llama_backend_free();
  return 0;
}
