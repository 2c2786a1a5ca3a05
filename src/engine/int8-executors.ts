// Streams in int8 on whatever runs them: the native executor, the same in WebAssembly, or the reference. All of them give the
// same bits, so that which one it is says nothing but how long it takes.
import { EngineError } from "../errors.js";
import type { Network } from "../network/network.js";
import { describeExecutor, type ExecutorName } from "./engine.js";
import type { PlanStream } from "./executor.js";
import { type Int8Network, Int8Stream, int8Network } from "./int8.js";
import { int8Words } from "./int8-words.js";
import { buildHint, loadNative, refusing } from "./native.js";
import type { Plan } from "./plan.js";
import { crossEntropy, likeliest, type Stepper } from "./stepper.js";
import { Turns } from "./turns.js";
import { wasmInt8Stream } from "./wasm.js";

/**
 * A stream in int8.
 * @throws InputError when the network is bidirectional, has not been calibrated or cannot be held in whole numbers, or the
 * executor asked for cannot be had.
 */
export function int8Stepper(network: Network, executor?: ExecutorName): Stepper {
  return makers[describeExecutor(executor).name](int8Network(network));
}

const makers: Record<ExecutorName, (network: Int8Network) => Stepper> = {
  native: nativeStepper,
  wasm: (network) => wasmInt8Stream(int8Words(network), network.program),
  reference: (network) => new Int8Stream(network),
};

function nativeStepper(network: Int8Network): Stepper {
  const { addon, absent } = loadNative();
  if (!addon) throw new EngineError({ what: `there is no native executor: ${absent}`, hint: buildHint() });
  const { words, weights, floats } = int8Words(network);
  const inner = refusing(() => new addon.NativeInt8Stream(words, weights, floats));
  const outputs = new Float32Array(network.program.readout.bias.length);
  return {
    step(input) {
      refusing(() => inner.step(input, outputs));
      return outputs;
    },
    reset: () => inner.reset(),
  };
}

/** A stream in int8 in the place of one over a plan. */
export function int8PlanStream(network: Network, plan: Plan, executor?: ExecutorName): PlanStream {
  const stepper = int8Stepper(network, executor);
  const symbols = plan.input.kind === "symbols" ? plan.input.symbols : [];
  const step = (input: number | Float32Array) =>
    stepper.step(typeof input === "number" ? symbols[input] : input);
  const turns = new Turns();
  return {
    step,
    async run(rows, targets, wanted) {
      const outputs = new Float32Array(wanted * plan.outputs);
      let loss = 0;
      let correct = 0;
      for (const [t, row] of rows.entries()) {
        const said = step(row);
        if (t < wanted) outputs.set(said, t * plan.outputs);
        if (targets[t] >= 0) {
          loss += crossEntropy(said, targets[t]);
          correct += Number(likeliest(said) === targets[t]);
        }
        await turns.give();
      }
      return { loss, correct, outputs };
    },
    reset: () => stepper.reset(),
  };
}
