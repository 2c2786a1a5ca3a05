// The program that checks an exported network where it was compiled: it runs sequences whose outputs are known, and exits with 0
// where it finds them.
import type { Network } from "../../network/network.js";
import type { Golden } from "../golden.js";
import { floatText, listText } from "./text.js";

export function testOf(
  { architecture: { input } }: Network,
  golden: Golden,
  name: string,
  exact: boolean,
): string {
  const { inputs, outputs, steps } = golden;
  const upper = name.toUpperCase();
  const symbols = input.kind === "symbols";
  const type = symbols ? "int" : "float";
  const width = symbols ? "" : ` * ${upper}_INPUTS`;
  const given = listText(inputs.flat(), symbols ? String : floatText);
  const step = symbols
    ? `if (${name}_step(&state, inputs[s * STEPS + t], output) != 0) return 1;`
    : `${name}_step(&state, inputs + (s * STEPS + t) * ${upper}_INPUTS, output);`;
  const agreement = exact ? ", to the last bit" : " to 1e-5 of max(1, |output|)";
  return `/* Checks ${name} against what Filigree computed: exits with 0 where all outputs agree${agreement}. */
#include "${name}.h"

#include <stdio.h>

#define SEQUENCES ${inputs.length}
#define STEPS ${steps}

static const ${type} inputs[SEQUENCES * STEPS${width}] = ${given};

static const float expected[SEQUENCES * STEPS * ${upper}_OUTPUTS] = ${listText(outputs.flat(), floatText)};

int main(void) {
  static ${name}_state state;
  static float output[${upper}_OUTPUTS];
  float largest = 0.0f;
  int wrong = 0;
  for (int s = 0; s < SEQUENCES; s++) {
    ${name}_reset(&state);
    for (int t = 0; t < STEPS; t++) {
      ${step}
      for (int i = 0; i < ${upper}_OUTPUTS; i++) {
        const float value = expected[(s * STEPS + t) * ${upper}_OUTPUTS + i];
        const float size = value < 0.0f ? -value : value;
        float error = output[i] < value ? value - output[i] : output[i] - value;
        if (size > 1.0f) error /= size;
        if (!(error <= ${exact ? "0.0f" : "1e-5f"})) wrong++;
        if (error > largest) largest = error;
      }
    }
  }
  printf("${name}: %d of %d outputs are wrong, largest error %g\\n", wrong, SEQUENCES * STEPS * ${upper}_OUTPUTS,
         (double)largest);
  return wrong == 0 ? 0 : 1;
}
`;
}
