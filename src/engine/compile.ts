// Turns a network into a plan: sets cells that feed one sum side by side, chooses the form of every matrix and lists
// the operations of a training step in order, in stages. The outputs of all nodes lie in one sequence, so that whatever a cell
// reads is one matrix on adjacent rows, from however many nodes it comes.
import { InputError } from "../errors.js";
import { type Architecture, type Cell, isBidirectional, type Sum } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { Draft, type Embedded, reverseCells, sequence, whole } from "./draft.js";
import { emitReadout } from "./emit-readout.js";
import { emitTeam } from "./emit-team.js";
import type { DropoutOp, Plan, Rows, StageOp } from "./plan.js";
import { team } from "./teams.js";

export interface CompileOptions {
  /** The largest batch that will run. */
  batch: number;
  /** The longest sequence that will run. */
  steps: number;
  /** Symbols that occur in the data, 0 (the padding) included or not; none where numbers are read. */
  symbols?: Iterable<number>;
  /** "evaluate": without a backward pass and its buffers. */
  purpose?: "train" | "evaluate";
  /** What is dropped while training; nothing when left out. */
  dropout?: Dropout;
  /** How matrices with a mask are held: by their density when left out. */
  form?: "dense" | "sparse";
  /**
   * Steps whose activations are held at once; the backward pass computes the others anew, which takes a third more time
   * and less memory. All of them when left out.
   */
  recompute?: number;
}

/** Shares of units, from 0 up to 1, that dropout (Srivastava et al. 2014) drops, each place's own. */
export interface Dropout {
  /** Of the embedding, or of the numbers that are read. */
  readonly embedding: number;
  /** Of what one layer hands to the next. */
  readonly layers: number;
  /** Of what is read out. */
  readonly readout: number;
}

export interface CompileStreamOptions {
  /** Symbols that will occur; all of the vocabulary when left out. A stream has a table row for each. */
  symbols?: Iterable<number>;
  /** How matrices with a mask are held: by their density when left out. */
  form?: "dense" | "sparse";
}

/**
 * Compiles a network for batches of up to `batch` examples and `steps` time steps.
 * @throws InputError when the shape is impossible, a symbol lies outside the vocabulary or a buffer would be too large.
 */
export function compile(network: Network, options: CompileOptions): Plan {
  checkOptions(network, options);
  const draft = new Draft(network, options, options.batch > 16 ? 32 : 16);
  const reverses = emitForward(draft).reverse();
  const { steps, purpose, recompute = steps } = options;
  if (purpose !== "evaluate") for (const reverse of reverses) reverse();
  const stages = [...draft.forward, ...draft.read, ...draft.backward].map(({ ops }) => ops);
  // Where the forward pass runs again between reverses, no two sequences may share a place.
  const again = purpose !== "evaluate" && recompute < steps;
  return draft.planOf(again ? [stages.flat()] : stages);
}

/**
 * Compiles a network for streaming: a plan of one lane and one step without a backward pass.
 * @throws InputError when the network is bidirectional, a symbol lies outside the vocabulary or a buffer would be too large.
 */
export function compileStream(network: Network, { symbols, form }: CompileStreamOptions = {}): Plan {
  const { input } = network.architecture;
  checkStreamable(network.architecture);
  const all = Array.from({ length: input.kind === "symbols" ? input.vocabulary : 0 }, (_, row) => row);
  const draft = new Draft(network, { batch: 1, steps: 1, symbols: symbols ?? all, form }, 1);
  emitForward(draft);
  // Together, so that no two sequences share a place: state lives on from step to step.
  return draft.planOf([[...draft.forward, ...draft.read].flatMap((stage): readonly StageOp[] => stage.ops)]);
}

/** @throws InputError when a network is bidirectional. */
export function checkStreamable(architecture: Architecture): void {
  if (!isBidirectional(architecture)) return;
  throw new InputError({
    what: "the network is bidirectional: what it says of a step depends on those after it, and a stream has not seen them",
    hint: "evaluate whole sequences, or train a network without --bidirectional",
  });
}

/** @throws InputError when the shape of a batch is impossible, or what is dropped. */
function checkOptions({ architecture }: Network, { batch, steps, recompute, dropout }: CompileOptions): void {
  const shape = (where: string, value: number, most: number) => {
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new InputError({ where, what: `${value} is not a whole number from 1 to ${most}` });
    }
  };
  shape("batch", batch, 2 ** 20);
  shape("steps", steps, 2 ** 20);
  if (recompute !== undefined) shape("recompute", recompute, 2 ** 20);
  for (const [where, rate] of Object.entries(dropout ?? {})) {
    if (rate >= 0 && rate < 1) continue;
    throw new InputError({ where: `dropout, ${where}`, what: `${rate} is not a share from 0 up to 1` });
  }
  if (recompute === undefined || recompute >= steps || reverseCells(architecture).size === 0) return;
  throw new InputError({
    where: "recompute",
    what: "a bidirectional network has to see a sequence as a whole",
    hint: "leave it out, or use shorter sequences or batches",
  });
}

/** Emits all forward operations and returns what emits their reverses. */
function emitForward(draft: Draft): (() => void)[] {
  const reverses: (() => void)[] = [];
  if (draft.embedded) reverses.push(emitInput(draft, draft.embedded));
  for (const node of draft.network.architecture.nodes) {
    if (node.type === "sum") reverses.push(...emitSum(draft, node));
    else if (!draft.absorbed.has(node.name)) reverses.push(emitCell(draft, node));
    if (!draft.absorbed.has(node.name)) emitDropout(draft, node.name);
  }
  reverses.push(emitReadout(draft));
  return reverses;
}

/** Looks up the embedding of every symbol, or takes in the numbers. */
function emitInput(draft: Draft, embedded: Embedded): () => void {
  const { values, flow } = embedded;
  const { dropout } = draft.options;
  const drop = dropout && dropout.embedding > 0 ? [draft.dropping(draft.input, dropout.embedding)] : [];
  const of = (rows: Rows) => drop.map((settings) => ({ ...settings, from: rows, to: rows }));
  const chunk = draft.chunkOf(values.rows);
  const op = flow ? "embed" : "values";
  draft.forward.push(draft.stage("forward", [{ op, to: values }, ...of(values)], chunk));
  return () => {
    if (!flow || !embedded.written) return;
    const gradient = { op: "embedGradient", from: flow } as const;
    draft.backward.push(draft.stage("backward", [...of(flow), gradient], chunk));
  };
}

/** Emits the copy of a node's output of which some is dropped. */
function emitDropout(draft: Draft, name: string): void {
  const settings = draft.droppingOf(name);
  if (!settings) return;
  const [from, to] = [draft.place(draft.outputs, name), draft.place(draft.inputs, name)];
  draft.forward.push(draft.stage("forward", [{ ...settings, from, to }], draft.chunkOf(to.rows)));
}

/** The reverse of a node's dropout, if it has any. */
function dropoutBack(draft: Draft, name: string): DropoutOp[] {
  const settings = draft.droppingOf(name);
  const rows = draft.place(draft.flows, name);
  return settings ? [{ ...settings, from: rows, to: rows }] : [];
}

/** A cell that runs by itself. */
function emitCell(draft: Draft, cell: Cell): () => void {
  if (draft.reverse.has(cell.name)) return emitReverseCell(draft, cell);
  const reverse = emitTeam(draft, team([cell]), draft.place(draft.outputs, cell.name));
  return () => {
    if (!draft.reached.has(cell.name)) return;
    reverse([draft.place(draft.flows, cell.name)], dropoutBack(draft, cell.name));
  };
}

/** A cell that runs backwards is one that runs forwards over sequences that are turned round, as is what it gives. */
function emitReverseCell(draft: Draft, cell: Cell): () => void {
  const output = whole(sequence(cell.size, { initial: true }));
  const reverse = emitTeam(draft, team([cell]), output);
  draft.flip("forward", { from: output, to: draft.place(draft.outputs, cell.name), accumulate: false });
  return () => {
    if (!draft.reached.has(cell.name)) return;
    const from = draft.place(draft.flows, cell.name);
    const dropped = dropoutBack(draft, cell.name);
    if (dropped.length > 0) draft.backward.push(draft.stage("backward", dropped));
    const flow = whole(sequence(cell.size));
    draft.flip("backward", { from, to: flow, accumulate: false });
    reverse([flow], []);
  };
}

/** A sum with the cells that run side by side for it. */
function emitSum(draft: Draft, sum: Sum): (() => void)[] {
  const own = draft.network.architecture.nodes.filter(
    (node): node is Cell => draft.absorbed.get(node.name) === sum,
  );
  const rowsOf = new Map<string, Rows>();
  const reverses: (() => void)[] = [];
  for (const kind of new Set(own.map((cell) => cell.kind))) {
    const together = team(own.filter((cell) => cell.kind === kind));
    const output = draft.placeAbsorbed(together.units);
    const reverse = emitTeam(draft, together, output);
    for (const { cell, first } of together.members) {
      rowsOf.set(cell.name, { of: draft.outputs, first: output.first + first, rows: cell.size });
    }
    reverses.push(() => {
      if (!draft.reached.has(sum.name)) return;
      reverse(
        together.members.map(() => draft.place(draft.flows, sum.name)),
        [],
      );
    });
  }
  const others = sum.of.filter((name) => !rowsOf.has(name));
  const from = sum.of.map((name) => rowsOf.get(name) ?? draft.place(draft.sourceOf(name), name));
  const to = draft.place(draft.outputs, sum.name);
  draft.forward.push(draft.stage("forward", [{ op: "sum", from, to }]));
  reverses.push(() => {
    if (!draft.reached.has(sum.name)) return;
    const dropped = dropoutBack(draft, sum.name);
    if (dropped.length > 0) draft.backward.push(draft.stage("backward", dropped));
    const from = draft.place(draft.flows, sum.name);
    for (const name of others) {
      draft.backward.push(draft.stage("backward", [{ op: "copy", from, ...draft.flowInto([name]) }]));
    }
  });
  return reverses;
}
