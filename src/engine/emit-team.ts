// The operations of cells that run side by side: their inputs' products, packed where lanes would be idle, the cells themselves, and
// their reverse. A team's gates lie in one buffer, a gate's rows for all units after the other's, and each of its matrices is put
// together from those of its members:
//
//     gates          input's matrix     hidden matrix (block-diagonal)
//     gate 0  a      a's rows           a's rows | 0
//             b      b's rows           0        | b's rows
//     gate 1  a      ...
import type { Cell } from "../network/architecture.js";
import { tensorNames } from "../network/network.js";
import type { Part } from "./blocks.js";
import { type CellDefinition, cells, share } from "./cells.js";
import { type Draft, type Embedded, sequence, whole } from "./draft.js";
import {
  type BackwardOp,
  type BiasPart,
  type DropoutOp,
  type FlipOp,
  type ForwardOp,
  type Rows,
  tableWidth,
} from "./plan.js";
import type { Team } from "./teams.js";

/** Columns of a straddle up to which two compressed matrices are one: what they read stays in the first-level cache. */
const STRADDLE = 512;

/**
 * Emits the forward operations of cells side by side.
 * @returns what emits their reverse, after these operations and from these gradients of the outputs, unit after unit.
 */
export function emitTeam(
  draft: Draft,
  team: Team,
  output: Rows,
): (gradients: readonly Rows[], before: readonly DropoutOp[]) => void {
  const emitter = new TeamEmitter(draft, team, output);
  emitter.forward();
  return (gradients, before) => emitter.backward(gradients, before);
}

/** Which of a matrix's rows each gate takes; see `CellDefinition`. */
type GateOrder = CellDefinition["input"];

class TeamEmitter {
  private readonly draft: Draft;
  private readonly team: Team;
  private readonly output: Rows;
  private readonly isReverse: boolean;
  private readonly gates: Rows;
  /** The gates in which the input's and the hidden matrices have a share. */
  private readonly inputRows: Rows;
  private readonly hiddenRows: Rows;
  private readonly state: Rows | undefined;
  private readonly biasParts: readonly BiasPart[];
  private readonly bias: number;
  /** The matrix of the network's input, and what it multiplies where that is not looked up in a table. */
  private readonly networkInput: number | undefined;
  private readonly direct: { block: number; of: Embedded; values: Rows } | undefined;
  /** The other nodes that members read, the rows from the first of them to the last, and their matrix. */
  private readonly sources: readonly string[];
  private readonly span: Rows | undefined;
  private readonly read: Rows | undefined;
  private readonly affine: number | undefined;
  private readonly recurrent: number;
  private table: { block: number; stride: number } | undefined;

  constructor(draft: Draft, team: Team, output: Rows) {
    const { kind, units, members } = team;
    const { input, hidden, hasState } = cells[kind];
    this.draft = draft;
    this.team = team;
    this.output = output;
    this.isReverse = members.some(({ cell }) => draft.reverse.has(cell.name));
    this.gates = whole(sequence(input.length * units));
    this.inputRows = this.rowsOf(input);
    this.hiddenRows = this.rowsOf(hidden);
    this.state = hasState ? whole(sequence(2 * units, { initial: true })) : undefined;
    this.biasParts = this.partsOfBias();
    this.bias = draft.bias(this.gates.rows, this.biasParts);

    const { embedded } = draft;
    if (members.some(({ cell }) => cell.inputs.includes(draft.input))) {
      this.networkInput = this.block(this.inputRows, draft.width.get(draft.input)!, this.networkInputParts());
      if (embedded)
        this.direct = { block: this.networkInput, of: embedded, values: this.inOrder(embedded.values) };
    }
    const sources = members.flatMap(({ cell }) => cell.inputs).filter((source) => source !== draft.input);
    this.sources = [...new Set(sources)];
    if (sources.length > 0) {
      this.span = { of: draft.inputs, ...draft.span(sources) };
      this.read = this.inOrder(this.span);
      this.affine = this.block(this.inputRows, this.span.rows, this.sourceParts(-this.span.first));
    }
    this.recurrent = this.block(this.hiddenRows, units, this.hiddenParts());
  }

  forward(): void {
    const { draft, gates, inputRows, output, state, bias, direct, read, affine, networkInput } = this;
    const { kind, units } = this.team;
    const ops: ForwardOp[] = [];
    const straddle = this.straddle();
    const packs = !straddle && draft.packs([direct?.block, affine]);
    const chunk = draft.chunkOf(gates.rows, packs);
    // Where the products of inputs are packed, they are unpacked all at once.
    let sums = packs ? draft.packed(inputRows.rows, chunk) : inputRows;
    // The embedding's share comes first, because it carries the bias and overwrites the gates.
    if (direct) {
      const from = packs ? draft.pack(ops, direct.values, chunk) : direct.values;
      ops.push({ op: "affine", block: direct.block, from, to: sums, bias, accumulate: false });
    } else if (networkInput !== undefined) {
      this.lookUp(ops, networkInput);
      if (packs) sums = draft.pack(ops, inputRows, chunk);
    }
    if (straddle) {
      const parts = [...this.sourceParts(draft.outputs.rows - output.first), ...this.hiddenParts()];
      const block = this.block(gates, straddle.rows, parts);
      ops.push({ op: "cell", kind, block, bias, straddle, gates, output, state });
    } else {
      if (read && affine !== undefined) {
        const from = packs ? draft.pack(ops, read, chunk) : read;
        ops.push({
          op: "affine",
          block: affine,
          from,
          to: sums,
          bias,
          accumulate: networkInput !== undefined,
        });
      }
      if (packs) ops.push({ op: "unpack", from: sums, to: inputRows, gradient: false, accumulate: false });
      // A gate without an input's share, GRU's last, starts from its bias.
      const isApart = cells[kind].input.at(-1) === undefined;
      const own = isApart ? bias + gates.rows - units : -1;
      ops.push({ op: "cell", kind, block: this.recurrent, bias: own, straddle, gates, output, state });
    }
    draft.forward.push(draft.stage("forward", ops, chunk));
  }

  /** @param gradients of the outputs, unit after unit. @param before operations on them that come first. */
  backward(gradients: readonly Rows[], before: readonly DropoutOp[]): void {
    const { draft, gates, output, state, recurrent, direct, read, affine, table } = this;
    const { kind, units } = this.team;
    // What turned sequences are given back is turned round again once it is there as a whole.
    const after: Omit<FlipOp, "op">[] = [];
    const turnedBack = (into: { to: Rows; accumulate: boolean }) => {
      if (!this.isReverse) return into;
      const from = whole(sequence(into.to.rows));
      after.push({ from, ...into });
      return { to: from, accumulate: false };
    };
    const flow = affine === undefined ? undefined : turnedBack(draft.flowInto(this.sources));
    const backflow = whole(sequence(units * (state ? 2 : 1), { held: 1 }));
    const ops: BackwardOp[] = [...before];
    ops.push({ op: "cellBackward", kind, block: recurrent, gates, output, state, gradients, backflow });
    const packs = draft.packs([direct?.block, affine, recurrent]);
    const chunk = draft.chunkOf(gates.rows, packs);
    const pack = (rows: Rows, shift: 0 | 1 = 0) => (packs ? draft.pack(ops, rows, chunk, shift) : rows);
    const { of } = pack(gates);
    const [all, ofHidden, ofInput] = [gates, this.hiddenRows, this.inputRows].map((rows) => ({
      ...rows,
      of,
    }));
    const into = (block: number, { to, accumulate }: { to: Rows; accumulate: boolean }) => {
      const [op, from] = ["affineBackward", ofInput] as const;
      if (!packs) {
        ops.push({ op, block, from, to, accumulate });
        return;
      }
      const sums = draft.packed(to.rows, chunk);
      ops.push({ op, block, from, to: sums, accumulate: false });
      ops.push({ op: "unpack", from: sums, to, gradient: true, accumulate });
    };
    const previous = pack(output, 1);
    const shift = packs ? 0 : 1;
    ops.push({ op: "weightGradient", block: recurrent, from: ofHidden, input: previous, shift });
    if (affine !== undefined && read) {
      ops.push({ op: "weightGradient", block: affine, from: ofInput, input: pack(read), shift: 0 });
    }
    ops.push({ op: "biasGradient", from: all, parts: this.biasParts });
    if (table) {
      const gradient = draft.reserveGradient(draft.symbols.length * table.stride);
      ops.push({ op: "tableGradient", from: this.inputRows, stride: table.stride, gradient });
      draft.finish.push({ op: "tableBackward", ...table, gradient });
    }
    if (direct) {
      const { block, of: embedded, values } = direct;
      ops.push({ op: "weightGradient", block, from: ofInput, input: pack(values), shift: 0 });
      if (embedded.flow) {
        into(block, turnedBack({ to: embedded.flow, accumulate: embedded.written }));
        embedded.written = true;
      }
    }
    if (affine !== undefined && flow) into(affine, flow);
    draft.backward.push(draft.stage("backward", ops, chunk));
    for (const op of after) draft.flip("backward", op);
  }

  /** Looks up what a matrix gives of each symbol. */
  private lookUp(ops: ForwardOp[], block: number): void {
    const { draft, inputRows, bias } = this;
    const to = draft.reserve(inputRows.rows * tableWidth(draft.symbols.length));
    this.table = { block, stride: Math.ceil(inputRows.rows / 16) * 16 };
    draft.prepare.push({ op: "table", block, bias, to });
    ops.push({ op: "gather", table: to, to: inputRows });
  }

  /**
   * What one matrix for both input and state would read, from the state of the step before to the inputs of this one; undefined
   * where there had better be two. Streams know no straddles: a cell's state is not beside what it reads, and neither is it where
   * that is dropped.
   */
  private straddle(): Rows | undefined {
    const { draft, span, output, affine, recurrent } = this;
    if (draft.lanes === 1 || draft.inputs !== draft.outputs || this.isReverse) return undefined;
    if (!span || affine === undefined || this.networkInput !== undefined) return undefined;
    const rows = draft.outputs.rows + span.first + span.rows - output.first;
    const isCompressed = [affine, recurrent].every((block) => draft.blocks[block].sparse);
    return isCompressed && rows <= STRADDLE ? { of: draft.outputs, first: output.first, rows } : undefined;
  }

  /** The rows of the gates in which a matrix has a share. */
  private rowsOf(order: GateOrder): Rows {
    const { first, count } = share(order);
    const { units } = this.team;
    return { of: this.gates.of, first: first * units, rows: count * units };
  }

  /** What the team reads, in the order in which it does. */
  private inOrder(rows: Rows): Rows {
    return this.isReverse ? this.draft.turned(rows) : rows;
  }

  private partsOfBias(): BiasPart[] {
    const { kind, units, members } = this.team;
    const { input, hidden } = cells[kind];
    return members.flatMap(({ cell, first }) => {
      const { biasIh, biasHh } = tensorNames(cell.name);
      const part = (tensor: string, gate: number, row: number | undefined): BiasPart[] => {
        if (row === undefined) return [];
        const parameter = this.draft.network.tensor(tensor).offset + row * cell.size;
        return [{ first: gate * units + first, rows: cell.size, parameter }];
      };
      return input.flatMap((row, gate) => [...part(biasIh, gate, row), ...part(biasHh, gate, hidden[gate])]);
    });
  }

  /** Of the matrix of the network's input. */
  private networkInputParts(): Part[] {
    const columns = this.draft.width.get(this.draft.input)!;
    return this.parts("weightIh", cells[this.team.kind].input, (cell) =>
      this.draft
        .inputsOf(cell)
        .filter(({ source }) => source === this.draft.input)
        .map(({ fromColumn }) => ({ column: 0, columns, fromColumn })),
    );
  }

  /** Of the matrix of other inputs. @param shift from a node's place to its column. */
  private sourceParts(shift: number): Part[] {
    return this.parts("weightIh", cells[this.team.kind].input, (cell) =>
      this.draft
        .inputsOf(cell)
        .filter(({ source }) => source !== this.draft.input)
        .map(({ source, fromColumn }) => {
          const { first, rows } = this.draft.places.get(source)!;
          return { column: first + shift, columns: rows, fromColumn };
        }),
    );
  }

  private hiddenParts(): Part[] {
    return this.parts("weightHh", cells[this.team.kind].hidden, (cell, first) => [
      { column: first, columns: cell.size, fromColumn: 0 },
    ]);
  }

  /**
   * The pieces of all members' weights.
   * @param spans which columns of a cell's matrix are which of the block.
   */
  private parts(
    name: "weightIh" | "weightHh",
    order: GateOrder,
    spans: (cell: Cell, first: number) => { column: number; columns: number; fromColumn: number }[],
  ): Part[] {
    const { units, members } = this.team;
    return members.flatMap(({ cell, first }) =>
      spans(cell, first).flatMap((span) =>
        order.flatMap((fromGate, gate) =>
          fromGate === undefined
            ? []
            : {
                ...span,
                row: gate * units + first,
                rows: cell.size,
                weight: tensorNames(cell.name)[name],
                fromRow: fromGate * cell.size,
              },
        ),
      ),
    );
  }

  /** A matrix that acts on some rows of the gates. */
  private block({ first, rows }: Rows, columns: number, parts: readonly Part[]): number {
    const own = parts.map((part) => ({ ...part, row: part.row - first }));
    return this.draft.block(rows, columns, own);
  }
}
