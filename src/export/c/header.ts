// The header of an exported network: what it reads and says, what it takes, its state and its functions.
import { cellsOf } from "../../network/architecture.js";
import type { Network } from "../../network/network.js";
import { taskOf } from "../../network/tasks.js";
import { version } from "../../version.js";
import type { CSize, Field } from "./c.js";
import { type MathName, needsMath } from "./kernels.js";
import { declaration, isAscii, namesOf } from "./names.js";
import { commented } from "./text.js";

interface HeaderOptions {
  readonly name: string;
  readonly math: MathName;
  readonly int8: boolean;
  readonly state: readonly Field[];
  readonly size: CSize;
}

/** Names of a list that a comment shows. */
const SHOWN = 20;

export function headerOf(network: Network, { name, math, int8, state, size }: HeaderOptions): string {
  const { input, readout } = network.architecture;
  const upper = name.toUpperCase();
  const given = input.kind === "symbols" ? "symbol" : "input";
  const { weights, indices, others } = size.flash;
  const sizes =
    input.kind === "symbols"
      ? `#define ${upper}_SYMBOLS ${input.vocabulary}`
      : `#define ${upper}_INPUTS ${input.width}`;
  // The wider type first, so that nothing lies between the fields.
  const ordered = [...state].sort((a, b) => Number(a.type === "int8_t") - Number(b.type === "int8_t"));
  const fields = ordered.map(({ type, name, count, about }) => `  ${type} ${name}[${count}]; /* ${about} */`);
  const callsMath = needsMath(new Set(cellsOf(network.architecture).map(({ kind }) => kind)), math);
  const names = namesOf(network, name).map(declaration);
  return `/* ${name}: a recurrent network, exported by Filigree ${version}.
 *
${lines([...aboutInput(network), ...aboutOutput(network), aboutCells(network), ...(int8 ? ["Weights and what they are multiplied by are whole numbers of 8 bits; biases, gates and states are floats."] : [])])}
 *
 * Constant tables: ${weights + indices + others} bytes (weights ${weights}, indices ${indices}, biases and scales ${others}).
 * State: ${size.ram} bytes. A step: ${size.operations} multiplications and additions, beside the cells' own.
 * It allocates nothing and calls ${callsMath ? "nothing but expf and tanhf" : "no library"}.
 *
 *   ${name}_state state;
 *   float output[${upper}_OUTPUTS];
 *   ${name}_reset(&state);
 *   ${name}_step(&state, ${given}, output); // once for every step of a sequence
 */
#ifndef ${upper}_H
#define ${upper}_H
${int8 ? "\n#include <stdint.h>\n" : ""}
#ifdef __cplusplus
extern "C" {
#endif

${sizes}
#define ${upper}_OUTPUTS ${readout.outputs}

/* What the network remembers, and room to work in. */
typedef struct {
${fields.join("\n")}
} ${name}_state;

/* Forgets all steps so far. Call it before the first. */
void ${name}_reset(${name}_state *state);

${declarationOfStep(network, name)}
${names.length > 0 ? `\n${names.join("\n")}` : ""}
#ifdef __cplusplus
}
#endif

#endif
`;
}

function declarationOfStep({ architecture: { input } }: Network, name: string): string {
  const outputs = `float output[${name.toUpperCase()}_OUTPUTS]`;
  if (input.kind === "values") {
    return `/* Takes in the numbers of a step, and writes what the network says after it. */
void ${name}_step(${name}_state *state, const float input[${name.toUpperCase()}_INPUTS], ${outputs});`;
  }
  return `/* Takes in a symbol, from 0 on, and writes what the network says after it. Returns 0, or -1 where there is no such
 * symbol; nothing has changed then. */
int ${name}_step(${name}_state *state, int symbol, ${outputs});`;
}

function aboutInput({ architecture: { input }, conventions }: Network): string[] {
  if (input.kind === "symbols") {
    const { symbols, kind } = conventions.vocabulary;
    if (isAscii(symbols)) return ["A step is a symbol: a letter's ASCII code."];
    return [
      `A step is a symbol: a ${kind === "letters" ? "letter's" : "word's"} place in the list of symbols below.`,
    ];
  }
  const { channels, standardisation } = conventions;
  const numbers = input.width === 1 ? "one number" : `${input.width} numbers`;
  return [
    `A step is ${numbers}, as ${input.width === 1 ? "it is" : "they are"} in the data${standardisation ? ": they are standardised here" : ""}. What made`,
    "them of anything else, such as log-mel frames of audio, is not part of this.",
    ...(channels ? [`Numbers: ${listed(channels)}.`] : []),
  ];
}

function aboutOutput(network: Network): string[] {
  const { conventions, architecture } = network;
  const { labels, targets, horizon = 1 } = conventions;
  const { outputs } = architecture.readout;
  const classes = `a score for each of ${outputs} classes; the largest is the likeliest, and softmax makes probabilities`;
  const named = labels ? [`Classes: ${listed(labels)}.`] : [];
  switch (taskOf(network)) {
    case "classify":
      return [`After the last step of a sequence it has said: ${classes}.`, ...named];
    case "label":
      return [`After every step it says of it: ${classes}.`, ...named];
    case "next":
      return [
        "After every step it says a score for each symbol that may come next; softmax makes probabilities.",
      ];
    case "forecast":
      return [
        `After every step it forecasts ${outputs === 1 ? "the number" : `the ${outputs} numbers`} of ${horizon} ${horizon === 1 ? "step" : "steps"} later, in the data's own unit.`,
        ...(targets ? [`Forecasts: ${listed(targets)}.`] : []),
      ];
  }
}

function aboutCells({ architecture }: Network): string {
  const cells = cellsOf(architecture).map(({ name, kind, size }) => `${name} (${kind}, ${size} units)`);
  return `Cells: ${listed(cells)}.`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map(commented).join(", ");
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}

/** Text as lines of a comment. */
function lines(texts: readonly string[]): string {
  return texts.flatMap((text) => wrapped(text, 110).map((line) => ` * ${line}`)).join("\n");
}

function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== "" && last.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
