// A plan as flat words, which is how it crosses into the C++ executor: native/plan.cc decodes and checks them. What
// fields an operation has, and in what order, is said once, in the table of plan.ts.
import { type CellKind, cellKinds } from "../network/architecture.js";
import { type BiasPart, type Op, operations, type Plan, type Rows, type Stage } from "./plan.js";

const VERSION = 7;
const times = ["forward", "backward", "once"] as const;
const operationNames = Object.keys(operations);

/**
 * The operations and cells by their codes, as native/plan.h lists them: an executor that was built from other sources
 * says another one.
 */
export const dialect = `${VERSION}: ${operationNames.join(" ")}; ${cellKinds.join(" ")}`;

/** A plan's words, and its masks one after the other. */
export function encode(plan: Plan): { words: Int32Array; masks: Uint8Array } {
  const { input } = plan;
  const symbols = input.kind === "symbols" ? input.symbols : [];
  const offset = input.kind === "symbols" ? input.offset : -1;
  const words: number[] = [VERSION, plan.lanes, plan.steps, plan.segment, plan.outputs];
  words.push(Number(plan.everyStep), Number(plan.predictsNumbers), plan.parameters);
  words.push(offset, input.width, symbols.length); // Numbers have no place among the parameters.
  words.push(plan.prepared, plan.gradients, plan.arena, plan.blocks.length);
  for (const list of [plan.prepare, plan.forward, plan.read, plan.backward, plan.finish]) {
    words.push(list.length);
  }
  for (const symbol of symbols) words.push(symbol); // May be more than a call takes arguments.
  for (const { rows, columns, sparse, mask, pieces } of plan.blocks) {
    words.push(rows, columns, Number(sparse), Number(mask !== undefined), pieces.length);
    for (const p of pieces) words.push(p.row, p.column, p.rows, p.columns, p.parameter, p.stride);
  }
  const add = (ops: readonly Op[]) => {
    for (const op of ops) words.push(...encodeOp(op, plan.lanes));
  };
  add(plan.prepare);
  const lists: readonly (readonly Stage[])[] = [plan.forward, plan.read, plan.backward];
  for (const stages of lists) {
    for (const { time, chunk, ops } of stages) {
      words.push(times.indexOf(time), chunk, ops.length);
      add(ops);
    }
  }
  add(plan.finish);
  const masks = plan.blocks.flatMap(({ mask }) => mask ?? []);
  const joined = new Uint8Array(masks.reduce((sum, mask) => sum + mask.length, 0));
  let at = 0;
  for (const mask of masks) {
    joined.set(mask, at);
    at += mask.length;
  }
  return { words: Int32Array.from(words), masks: joined };
}

function encodeOp(op: Op, lanes: number): number[] {
  const rows = ({ of, first, rows }: Rows) => [
    of.offset + first * lanes,
    rows,
    of.rows,
    Number(of.initial),
    of.held ?? 0,
    Number(of.packed),
  ];
  const list = (all: readonly Rows[]) => [all.length, ...all.flatMap(rows)];
  const values: Readonly<Record<string, unknown>> = { ...op };
  const words = [operationNames.indexOf(op.op) + 1];
  for (const [name, field] of Object.entries(operations[op.op])) {
    const value = values[name];
    switch (field) {
      case "number":
      case "flag":
        words.push(Number(value));
        break;
      case "kind":
        words.push(cellKinds.indexOf(value as CellKind));
        break;
      case "rows":
        words.push(...rows(value as Rows));
        break;
      case "optional":
        words.push(...list(value === undefined ? [] : [value as Rows]));
        break;
      case "list":
        words.push(...list(value as readonly Rows[]));
        break;
      case "parts": {
        const parts = value as readonly BiasPart[];
        words.push(parts.length, ...parts.flatMap((part) => [part.first, part.rows, part.parameter]));
        break;
      }
      case "straddle": {
        // Its rows lie behind those of the step before.
        const straddle = value as Rows | undefined;
        const behind = straddle && straddle.of.offset + (straddle.first - straddle.of.rows) * lanes;
        words.push(straddle?.rows ?? 0, behind ?? 0);
        break;
      }
    }
  }
  return words;
}
