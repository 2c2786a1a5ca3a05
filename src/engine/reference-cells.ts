// The equations of the four cells and their derivatives, as PyTorch defines them. To add a cell, write its forward
// and backward step here and, once it is right, in the native kernels.
import type { CellBackwardOp, CellOp } from "./plan.js";
import type { CellContext } from "./reference-tile.js";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * Runs cells side by side over all steps. On entry `gates` holds W_ih x + b; on return it holds what the reverse needs:
 * for LSTM the activated i, f, g, o, for GRU the activated n, r, z and m = W_hn h + b_hn.
 */
export function cellForward(op: CellOp, context: CellContext): void {
  const { arena, prepared, lanes, steps, at } = context;
  const { kind, gates, output, state } = op;
  const units = output.rows;
  for (const rows of state ? [output, state] : [output]) {
    arena.fill(0, at(rows, -1), at(rows, -1, rows.rows));
  }
  // GRU's rows are n, r, z, m: its hidden matrix acts on the last three.
  const first = kind === "gru" ? units : 0;
  for (let t = 0; t < steps; t++) {
    if (kind === "gru") {
      for (let u = 0; u < units; u++) {
        arena.fill(prepared[op.bias + u], at(gates, t, 3 * units + u), at(gates, t, 3 * units + u + 1));
      }
    }
    context.addProduct(at(output, t - 1), at(gates, t, first));
    for (let u = 0; u < units; u++) {
      for (let l = 0; l < lanes; l++) {
        const gate = (i: number) => at(gates, t, i * units + u) + l;
        const h = at(output, t, u) + l;
        switch (kind) {
          case "rnn-tanh":
            arena[h] = Math.tanh(arena[gate(0)]);
            break;
          case "rnn-relu":
            arena[h] = Math.max(0, arena[gate(0)]);
            break;
          case "lstm": {
            const i = sigmoid(arena[gate(0)]);
            const f = sigmoid(arena[gate(1)]);
            const g = Math.tanh(arena[gate(2)]);
            const o = sigmoid(arena[gate(3)]);
            const c = at(state!, t, u) + l;
            const tanhC = at(state!, t, units + u) + l;
            arena[c] = f * arena[at(state!, t - 1, u) + l] + i * g;
            arena[tanhC] = Math.tanh(arena[c]);
            arena[h] = o * arena[tanhC];
            arena[gate(0)] = i;
            arena[gate(1)] = f;
            arena[gate(2)] = g;
            arena[gate(3)] = o;
            break;
          }
          case "gru": {
            const r = sigmoid(arena[gate(1)]);
            const z = sigmoid(arena[gate(2)]);
            const n = Math.tanh(arena[gate(0)] + r * arena[gate(3)]);
            arena[h] = n + z * (arena[at(output, t - 1, u) + l] - n);
            arena[gate(0)] = n;
            arena[gate(1)] = r;
            arena[gate(2)] = z;
            break;
          }
        }
      }
    }
  }
}

/** The reverse of `cellForward`: leaves the gradient of the pre-activations in `gates`. */
export function cellBackward(op: CellBackwardOp, context: CellContext): void {
  const { arena, lanes, steps, at } = context;
  const { kind, gates, output, state, carry } = op;
  const units = output.rows;
  // Where each unit's gradient comes from.
  const flows = op.gradients.flatMap((rows) =>
    Array.from({ length: rows.rows }, (_, i) => (t: number) => at(rows, t, i)),
  );
  arena.fill(0, at(carry), at(carry, 0, carry.rows));
  for (let t = steps - 1; t >= 0; t--) {
    for (let u = 0; u < units; u++) {
      for (let l = 0; l < lanes; l++) {
        const gate = (i: number) => at(gates, t, i * units + u) + l;
        const h = at(output, t, u) + l;
        const flow = at(carry, 0, u) + l;
        const dh = arena[flows[u](t) + l] + arena[flow];
        arena[flow] = 0;
        switch (kind) {
          case "rnn-tanh":
            arena[gate(0)] = dh * (1 - arena[h] * arena[h]);
            break;
          case "rnn-relu":
            arena[gate(0)] = arena[h] > 0 ? dh : 0;
            break;
          case "lstm": {
            const i = arena[gate(0)];
            const f = arena[gate(1)];
            const g = arena[gate(2)];
            const o = arena[gate(3)];
            const tanhC = arena[at(state!, t, units + u) + l];
            const flowOfC = at(carry, 0, units + u) + l;
            const dc = arena[flowOfC] + dh * o * (1 - tanhC * tanhC);
            arena[gate(0)] = dc * g * i * (1 - i);
            arena[gate(1)] = dc * arena[at(state!, t - 1, u) + l] * f * (1 - f);
            arena[gate(2)] = dc * i * (1 - g * g);
            arena[gate(3)] = dh * tanhC * o * (1 - o);
            arena[flowOfC] = dc * f;
            break;
          }
          case "gru": {
            const n = arena[gate(0)];
            const r = arena[gate(1)];
            const z = arena[gate(2)];
            const m = arena[gate(3)];
            const dn = dh * (1 - z) * (1 - n * n);
            arena[gate(0)] = dn;
            arena[gate(1)] = dn * m * r * (1 - r);
            arena[gate(2)] = dh * (arena[at(output, t - 1, u) + l] - n) * z * (1 - z);
            arena[gate(3)] = dn * r;
            arena[flow] = dh * z;
            break;
          }
        }
      }
    }
    context.addTransposedProduct(at(gates, t, kind === "gru" ? units : 0), at(carry));
  }
}
