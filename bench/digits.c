/* Runs an exported network over recordings in a file, says how many it is right about, and, where TIMES is defined, how long a step
   takes. The file: a number of recordings, and of each its steps, its class and its frames. Compiled with NAME, UPPER and HEADER. */
#include HEADER

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define JOINED(a, b) a##b
#define NAMED(a, b) JOINED(a, b)
#define INPUTS NAMED(UPPER, _INPUTS)
#define OUTPUTS NAMED(UPPER, _OUTPUTS)
#define MOST_STEPS 1000

static float frames[MOST_STEPS * INPUTS];
static NAMED(NAME, _state) state;

static int likeliest(int steps) {
  float output[OUTPUTS];
  int best = 0;
  NAMED(NAME, _reset)(&state);
  for (int t = 0; t < steps; t++) NAMED(NAME, _step)(&state, frames + t * INPUTS, output);
  for (int i = 1; i < OUTPUTS; i++) best = output[i] > output[best] ? i : best;
  return best;
}

int main(void) {
  FILE *file = fopen("recordings.bin", "rb");
  int count = 0, right = 0;
  double seconds = 0, all = 0;
  if (!file || fread(&count, sizeof count, 1, file) != 1) return 1;
  for (int k = 0; k < count; k++) {
    int head[2];
    if (fread(head, sizeof head, 1, file) != 1 || head[0] > MOST_STEPS) return 1;
    if (fread(frames, sizeof(float) * INPUTS, (size_t)head[0], file) != (size_t)head[0]) return 1;
    right += likeliest(head[0]) == head[1];
#ifdef TIMES
    const clock_t start = clock();
    for (int i = 0; i < TIMES; i++) likeliest(head[0]);
    seconds += (double)(clock() - start) / CLOCKS_PER_SEC / TIMES;
#endif
    all += head[0];
  }
  printf("%d %d %g\n", right, count, 1e6 * seconds / all);
  fclose(file);
  return 0;
}
