// The equations of the four cells and their derivatives, as PyTorch defines them. To add a cell, write its forward
// and backward step here and, once it is right, in the native kernels.
import type { CellBackwardOp, CellOp } from "./plan.js";
import type { CellContext } from "./reference-tile.js";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * Runs a cell over all steps. On entry `gates` holds W_ih x + b; on return it holds what the reverse needs: for LSTM
 * the activated i, f, g, o, for GRU the activated n, r, z and W_hn h + b_hn.
 */
export function cellForward(op: CellOp, context: CellContext): void {
  const { arena, prepared, lanes, steps } = context;
  const { gates, output, state } = op;
  const size = output.rows;
  arena.fill(0, output.offset - size * lanes, output.offset);
  if (state) arena.fill(0, state.offset - state.rows * lanes, state.offset);
  // GRU's rows are n, r, z, n_h: its hidden matrix acts on the last three.
  const first = op.kind === "gru" ? size : 0;
  for (let t = 0; t < steps; t++) {
    const stepOfGates = gates.offset + t * gates.rows * lanes;
    if (op.kind === "gru") {
      for (let u = 0; u < size; u++) {
        const row = stepOfGates + (3 * size + u) * lanes;
        arena.fill(prepared[op.bias + u], row, row + lanes);
      }
    }
    context.addProduct(output.offset + (t - 1) * size * lanes, stepOfGates + first * lanes);
    for (let l = 0; l < lanes; l++) {
      const gate = (i: number) => stepOfGates + i * lanes + l;
      const previous = (u: number) => output.offset + ((t - 1) * size + u) * lanes + l;
      for (let u = 0; u < size; u++) {
        const h = output.offset + (t * size + u) * lanes + l;
        switch (op.kind) {
          case "rnn-tanh":
            arena[h] = Math.tanh(arena[gate(u)]);
            break;
          case "rnn-relu":
            arena[h] = Math.max(0, arena[gate(u)]);
            break;
          case "lstm": {
            const i = sigmoid(arena[gate(u)]);
            const f = sigmoid(arena[gate(size + u)]);
            const g = Math.tanh(arena[gate(2 * size + u)]);
            const o = sigmoid(arena[gate(3 * size + u)]);
            const c = state!.offset + (t * 2 * size + u) * lanes + l;
            arena[c] = f * arena[c - 2 * size * lanes] + i * g;
            arena[c + size * lanes] = Math.tanh(arena[c]);
            arena[h] = o * arena[c + size * lanes];
            arena[gate(u)] = i;
            arena[gate(size + u)] = f;
            arena[gate(2 * size + u)] = g;
            arena[gate(3 * size + u)] = o;
            break;
          }
          case "gru": {
            const r = sigmoid(arena[gate(size + u)]);
            const z = sigmoid(arena[gate(2 * size + u)]);
            const n = Math.tanh(arena[gate(u)] + r * arena[gate(3 * size + u)]);
            arena[h] = n + z * (arena[previous(u)] - n);
            arena[gate(u)] = n;
            arena[gate(size + u)] = r;
            arena[gate(2 * size + u)] = z;
            break;
          }
        }
      }
    }
  }
}

/** The reverse of `cellForward`: leaves the gradient of the pre-activations in `gates`. */
export function cellBackward(op: CellBackwardOp, context: CellContext): void {
  const { arena, lanes, steps } = context;
  const { gates, output, state, gradient, carry } = op;
  const size = output.rows;
  const first = op.kind === "gru" ? size : 0;
  if (carry) arena.fill(0, carry.offset, carry.offset + size * lanes);
  for (let t = steps - 1; t >= 0; t--) {
    const stepOfGates = gates.offset + t * gates.rows * lanes;
    for (let l = 0; l < lanes; l++) {
      const gate = (i: number) => stepOfGates + i * lanes + l;
      const flow = (step: number, u: number) => gradient.offset + (step * size + u) * lanes + l;
      for (let u = 0; u < size; u++) {
        const dh = arena[flow(t, u)];
        const h = output.offset + (t * size + u) * lanes + l;
        switch (op.kind) {
          case "rnn-tanh":
            arena[gate(u)] = dh * (1 - arena[h] * arena[h]);
            break;
          case "rnn-relu":
            arena[gate(u)] = arena[h] > 0 ? dh : 0;
            break;
          case "lstm": {
            const i = arena[gate(u)];
            const f = arena[gate(size + u)];
            const g = arena[gate(2 * size + u)];
            const o = arena[gate(3 * size + u)];
            const c = state!.offset + (t * 2 * size + u) * lanes + l;
            const tanhC = arena[c + size * lanes];
            const dc = arena[carry!.offset + u * lanes + l] + dh * o * (1 - tanhC * tanhC);
            arena[gate(u)] = dc * g * i * (1 - i);
            arena[gate(size + u)] = dc * arena[c - 2 * size * lanes] * f * (1 - f);
            arena[gate(2 * size + u)] = dc * i * (1 - g * g);
            arena[gate(3 * size + u)] = dh * tanhC * o * (1 - o);
            arena[carry!.offset + u * lanes + l] = dc * f;
            break;
          }
          case "gru": {
            const n = arena[gate(u)];
            const r = arena[gate(size + u)];
            const z = arena[gate(2 * size + u)];
            const hidden = arena[gate(3 * size + u)];
            const dn = dh * (1 - z) * (1 - n * n);
            arena[gate(u)] = dn;
            arena[gate(size + u)] = dn * hidden * r * (1 - r);
            arena[gate(2 * size + u)] = dh * (arena[h - size * lanes] - n) * z * (1 - z);
            arena[gate(3 * size + u)] = dn * r;
            if (t > 0) arena[flow(t - 1, u)] += dh * z;
            break;
          }
        }
      }
    }
    if (t === 0) continue;
    context.addTransposedProduct(stepOfGates + first * lanes, gradient.offset + (t - 1) * size * lanes);
  }
}
