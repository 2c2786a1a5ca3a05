// The recurrent cells: their gates, their equations and the derivatives of these, as PyTorch defines them. All that is
// known of a kind of cell in TypeScript is here; native/cells.h has the same equations over vectors.
import type { CellKind } from "../network/architecture.js";

/** One unit of one example at one step, as a cell's equations see it: numbers in, numbers out. */
export interface Unit {
  /** Pre-activations, in the order of `gates`; on return of `forward` what `backward` needs, of that the gradients. */
  readonly gates: number[];
  /** The state (LSTM's c) of this step and of the one before. */
  state: number;
  previousState: number;
  /** h of this step and of the one before. */
  output: number;
  previousOutput: number;
}

/** What flows back into a unit and out of it. */
export interface Flow {
  /** The gradient of the output: from later layers and from the next step. */
  readonly output: number;
  /** The gradient of the state from the next step; becomes that for the step before. */
  state: number;
  /** What reaches the output of the step before without passing a matrix. */
  previousOutput: number;
}

export interface CellDefinition {
  /**
   * The gates in the order of the gate buffer: for each the gate's place among the rows of the input's matrix and of
   * the hidden one, absent where a matrix has no share in it. Those with a share of a matrix are adjacent.
   */
  readonly input: readonly (number | undefined)[];
  readonly hidden: readonly (number | undefined)[];
  /** Whether there is a state beside the output. Its tanh is kept too. */
  readonly hasState: boolean;
  forward(unit: Unit): void;
  /** The reverse: `gates` becomes the gradient of the pre-activations. */
  backward(unit: Unit, flow: Flow): void;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const cells: Readonly<Record<CellKind, CellDefinition>> = {
  "rnn-tanh": {
    input: [0],
    hidden: [0],
    hasState: false,
    forward(unit) {
      unit.output = Math.tanh(unit.gates[0]);
    },
    backward({ gates, output }, flow) {
      gates[0] = flow.output * (1 - output * output);
    },
  },
  "rnn-relu": {
    input: [0],
    hidden: [0],
    hasState: false,
    forward(unit) {
      unit.output = Math.max(0, unit.gates[0]);
    },
    backward({ gates, output }, flow) {
      gates[0] = output > 0 ? flow.output : 0;
    },
  },
  // i, f, g, o.
  lstm: {
    input: [0, 1, 2, 3],
    hidden: [0, 1, 2, 3],
    hasState: true,
    forward(unit) {
      const { gates, previousState } = unit;
      const [i, f, g, o] = [sigmoid(gates[0]), sigmoid(gates[1]), Math.tanh(gates[2]), sigmoid(gates[3])];
      unit.state = f * previousState + i * g;
      unit.output = o * Math.tanh(unit.state);
      gates[0] = i;
      gates[1] = f;
      gates[2] = g;
      gates[3] = o;
    },
    backward({ gates, state, previousState }, flow) {
      const [i, f, g, o] = gates;
      const tanhC = Math.tanh(state);
      const dc = flow.state + flow.output * o * (1 - tanhC * tanhC);
      gates[0] = dc * g * i * (1 - i);
      gates[1] = dc * previousState * f * (1 - f);
      gates[2] = dc * i * (1 - g * g);
      gates[3] = flow.output * tanhC * o * (1 - o);
      flow.state = dc * f;
    },
  },
  // n, r, z and m, the hidden share of n. The rows of PyTorch's matrices are r, z, n.
  gru: {
    input: [2, 0, 1, undefined],
    hidden: [undefined, 0, 1, 2],
    hasState: false,
    forward(unit) {
      const { gates, previousOutput } = unit;
      const [r, z] = [sigmoid(gates[1]), sigmoid(gates[2])];
      const n = Math.tanh(gates[0] + r * gates[3]);
      unit.output = n + z * (previousOutput - n);
      gates[0] = n;
      gates[1] = r;
      gates[2] = z;
    },
    backward({ gates, previousOutput }, flow) {
      const [n, r, z, m] = gates;
      const dn = flow.output * (1 - z) * (1 - n * n);
      gates[0] = dn;
      gates[1] = dn * m * r * (1 - r);
      gates[2] = flow.output * (previousOutput - n) * z * (1 - z);
      gates[3] = dn * r;
      flow.previousOutput = flow.output * z;
    },
  },
};

/** The first gate in which a matrix has a share, and how many there are. */
export function share(gates: readonly (number | undefined)[]): { first: number; count: number } {
  const first = gates.findIndex((gate) => gate !== undefined);
  return { first, count: gates.filter((gate) => gate !== undefined).length };
}
