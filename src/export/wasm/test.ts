// The program that checks an exported module in Node.js: it runs sequences whose outputs are known, and exits with 0 where it finds
// them.
import type { Network } from "../../network/network.js";
import type { Golden } from "../golden.js";

export function testOf({ architecture }: Network, golden: Golden, name: string, exact: boolean): string {
  const { inputs, outputs, steps } = golden;
  const { input, readout } = architecture;
  const symbols = input.kind === "symbols";
  const given = symbols
    ? "net.step(inputs[s][t]);"
    : `new Float32Array(net.memory.buffer, net.input(), ${input.width}).set(inputs[s].slice(t * ${input.width}, (t + 1) * ${input.width}));
    net.step();`;
  const agreement = exact ? ", to the last bit" : " to 1e-5 of max(1, |output|)";
  return `// Checks ${name}.wasm against what Filigree computed: exits with 0 where all outputs agree${agreement}.
import { readFile } from "node:fs/promises";

const inputs = ${JSON.stringify(inputs)};
const expected = ${JSON.stringify(outputs)};

const { instance } = await WebAssembly.instantiate(await readFile(new URL("${name}.wasm", import.meta.url)));
const net = instance.exports;
let [wrong, largest] = [0, 0];
for (const s of inputs.keys()) {
  net.reset();
  for (let t = 0; t < ${steps}; t++) {
    ${given}
    const said = new Float32Array(net.memory.buffer, net.output(), ${readout.outputs});
    for (const [i, output] of said.entries()) {
      const value = expected[s][t * ${readout.outputs} + i];
      const error = Math.abs(output - value) / Math.max(1, Math.abs(value));
      if (!(error <= ${exact ? "0" : "1e-5"})) wrong++;
      largest = Math.max(largest, error);
    }
  }
}
console.log(\`${name}: \${wrong} of \${expected.flat().length} outputs are wrong, largest error \${largest}\`);
process.exitCode = wrong === 0 ? 0 : 1;
`;
}
