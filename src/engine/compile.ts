// Turns a network into a plan: sets cells that feed one sum side by side, chooses the form of every matrix and lists
// the operations of a training step in order, in stages. The outputs of all nodes lie in one sequence, so that whatever a cell
// reads is one matrix on adjacent rows, from however many nodes it comes.
import { InputError } from "../errors.js";
import { type Architecture, type Cell, isBidirectional, type Sum } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { Draft, type Embedded, sequence, whole } from "./draft.js";
import { emitReadout } from "./emit-readout.js";
import { emitTeam } from "./emit-team.js";
import { type CompileOptions, type CompileStreamOptions, checkOptions } from "./options.js";
import type { DropoutOp, Plan, Rows, StageOp } from "./plan.js";
import { team } from "./teams.js";

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
