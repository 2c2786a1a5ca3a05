// Runs the equations of src/engine/cells.ts over a sequence, unit by unit and example by example, and their reverse from
// the last step to the first.
import { cells, type Flow, share, type Unit } from "./cells.js";
import type { CellBackwardOp, CellOp, Rows } from "./plan.js";
import type { CellContext } from "./reference-tile.js";

/** Runs cells side by side over all steps; see `CellOp`. `gates` holds what the reverse needs afterwards. */
export function cellForward(op: CellOp, context: CellContext): void {
  const { arena, prepared, at } = context;
  const { kind, gates, output, state, straddle } = op;
  const cell = cells[kind];
  const units = output.rows;
  const fill = (t: number, first: number, rows: number) => {
    for (let i = 0; i < rows; i++) {
      arena.fill(prepared[op.bias + i], at(gates, t, first + i), at(gates, t, first + i + 1));
    }
  };
  for (let t = context.first; t < context.end; t++) {
    if (straddle) {
      fill(t, 0, gates.rows);
      context.addProduct(at(straddle, t - 1), at(gates, t));
    } else {
      // A gate without an input's share, GRU's last, starts from its bias.
      if (cell.input.at(-1) === undefined) fill(t, gates.rows - units, units);
      context.addProduct(at(output, t - 1), at(gates, t, share(cell.hidden).first * units));
    }
    eachUnit(op, context, t, (unit, u, l) => {
      cell.forward(unit);
      for (let i = 0; i < unit.gates.length; i++) arena[at(gates, t, i * units + u) + l] = unit.gates[i];
      if (state) {
        arena[at(state, t, u) + l] = unit.state;
        arena[at(state, t, units + u) + l] = Math.tanh(unit.state);
      }
      arena[at(output, t, u) + l] = unit.output;
    });
  }
}

/** The reverse of `cellForward`: leaves the gradient of the pre-activations in `gates`. */
export function cellBackward(op: CellBackwardOp, context: CellContext): void {
  const { arena, at } = context;
  const { kind, gates, output, backflow } = op;
  const cell = cells[kind];
  const units = output.rows;
  // Where each unit's gradient comes from.
  const sources = op.gradients.flatMap((rows) =>
    Array.from({ length: rows.rows }, (_, i) => (t: number) => at(rows, t, i)),
  );
  if (context.ends) arena.fill(0, at(backflow), at(backflow, 0, backflow.rows));
  for (let t = context.end - 1; t >= context.first; t--) {
    eachUnit(op, context, t, (unit, u, l) => {
      const back = at(backflow, 0, u) + l;
      const backState = at(backflow, 0, units + u) + l;
      const flow: Flow = {
        output: arena[sources[u](t) + l] + arena[back],
        state: cell.hasState ? arena[backState] : 0,
        previousOutput: 0,
      };
      cell.backward(unit, flow);
      for (let i = 0; i < unit.gates.length; i++) arena[at(gates, t, i * units + u) + l] = unit.gates[i];
      arena[back] = flow.previousOutput;
      if (cell.hasState) arena[backState] = flow.state;
    });
    context.addTransposedProduct(at(gates, t, share(cell.hidden).first * units), at(backflow));
  }
}

/** What a cell hands from step to step. */
export function statesOf({ output, state }: CellOp): Rows[] {
  return state ? [output, state] : [output];
}

interface CellBuffers {
  readonly gates: Rows;
  readonly output: Rows;
  readonly state: Rows | undefined;
}

/** Calls `f` with what the buffers hold of every unit of every example at one step, in one object that is filled anew. */
function eachUnit(
  { gates, output, state }: CellBuffers,
  { arena, lanes, at }: CellContext,
  t: number,
  f: (unit: Unit, u: number, lane: number) => void,
): void {
  const units = output.rows;
  const parts = new Array<number>(gates.rows / units).fill(0);
  const unit: Unit = { gates: parts, state: 0, previousState: 0, output: 0, previousOutput: 0 };
  for (let u = 0; u < units; u++) {
    for (let l = 0; l < lanes; l++) {
      for (let i = 0; i < parts.length; i++) parts[i] = arena[at(gates, t, i * units + u) + l];
      unit.state = state ? arena[at(state, t, u) + l] : 0;
      unit.previousState = state ? arena[at(state, t - 1, u) + l] : 0;
      unit.output = arena[at(output, t, u) + l];
      unit.previousOutput = arena[at(output, t - 1, u) + l];
      f(unit, u, l);
    }
  }
}
