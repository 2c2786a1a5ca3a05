// The operations of the read-out: logits or numbers from what nodes give, at every step or at the last one, their loss, and the
// reverse.
import { type Draft, sequence, whole } from "./draft.js";
import type { AffineOp, BackwardOp, ReadOp, Stage } from "./plan.js";

/** Emits what reads a network's outputs. @returns what emits the first operations of the backward pass. */
export function emitReadout(draft: Draft): () => void {
  const { inputs, outputs, at, predicts, tied } = draft.network.architecture.readout;
  const everyStep = at === "every-step";
  const widest = Math.max(outputs, ...inputs.map((source) => draft.width.get(source)!));
  const parameter = draft.network.tensor("readout.bias").offset;
  const biasParts = [{ first: 0, rows: outputs, parameter }];
  const bias = draft.bias(outputs, biasParts);
  let fromColumn = 0;
  const blocks = inputs.map((source) => {
    const columns = draft.width.get(source)!;
    const weight = tied ? "embedding.weight" : "readout.weight";
    const piece = { row: 0, column: 0, rows: outputs, columns, weight, fromRow: 0, fromColumn };
    fromColumn += columns;
    return draft.block(outputs, columns, [piece]);
  });
  const packs = everyStep && draft.packs(blocks);
  const chunk = everyStep ? draft.chunkOf(widest, packs) : 1;
  // Of a large vocabulary only the chunk at work has logits.
  const logits = whole(sequence(outputs, { held: chunk, packed: packs }));
  const reads: ReadOp[] = [];
  const affines = inputs.map((source, i): AffineOp => {
    const outputsOf = draft.place(draft.inputs, source);
    let from = outputsOf;
    if (packs) from = draft.pack(reads, outputsOf, chunk);
    // A stream is at its last step at any time.
    if (!everyStep && draft.lanes > 1) {
      from = whole(sequence(outputsOf.rows, { held: 1 }));
      const first = draft.reverse.has(source);
      draft.forward.push(draft.stage("forward", [{ op: "select", from: outputsOf, to: from, first }]));
    }
    const affine = { op: "affine", block: blocks[i], from, to: logits, bias, accumulate: i > 0 } as const;
    reads.push(affine);
    return affine;
  });
  const time = everyStep && draft.lanes > 1 ? "forward" : "once";
  const compared = (gradient: boolean): ReadOp =>
    predicts === "numbers"
      ? { op: "squares", outputs: logits, gradient }
      : { op: "softmax", logits, gradient };
  draft.read.push(draft.stage(time, [...reads, compared(false)], chunk));
  return () => {
    const from = logits;
    const ops: BackwardOp[] = [...reads, compared(true)];
    ops.push({ op: "biasGradient", from, parts: biasParts });
    const scatters: Stage<BackwardOp>[] = [];
    for (const [i, { block, from: input }] of affines.entries()) {
      ops.push({ op: "weightGradient", block, from, input, shift: 0 });
      const { to, accumulate } = draft.flowInto([inputs[i]]);
      if (everyStep && !packs) {
        ops.push({ op: "affineBackward", block, from, to, accumulate });
        continue;
      }
      const flow = packs ? draft.packed(to.rows, chunk) : whole(sequence(to.rows, { held: 1 }));
      ops.push({ op: "affineBackward", block, from, to: flow, accumulate: false });
      if (packs) {
        ops.push({ op: "unpack", from: flow, to, gradient: true, accumulate });
        continue;
      }
      if (!accumulate) scatters.push(draft.stage("backward", [{ op: "clear", to }]));
      const first = draft.reverse.has(inputs[i]);
      scatters.push(draft.stage("backward", [{ op: "scatter", from: flow, to, first }]));
    }
    draft.backward.push(draft.stage(everyStep ? "backward" : "once", ops, chunk), ...scatters);
  };
}
