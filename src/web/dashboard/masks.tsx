// Which weights a trial's network has: a block for each matrix and gate, a pixel for each weight, drawn from the file that the trial
// left; and which it had before, where the training kept the course of its masks. How dense each gate was over the training is among
// the curves.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { decodeMasks, MASKS } from "../../experiments/mask-course.js";
import { type CellKind, cellKinds, gateNames } from "../../network/architecture.js";
import { tensorNames } from "../../network/network.js";
import { parse } from "../../network/safetensors.js";
import type { TrialPage } from "../store/trial.js";
import { Frame } from "./chart.js";
import { source } from "./model.js";

/** The name of the weights among a trial's files. */
const NETWORK = "network.safetensors";

/** The weights of one gate in one matrix. */
export interface GateMask {
  readonly matrix: string;
  readonly gate: string;
  readonly rows: number;
  readonly columns: number;
  /** Row by row; 1 where the weight exists. */
  readonly mask: Uint8Array;
  readonly density: number;
}

/**
 * The masks of a network by matrix and gate, from the bytes of its file; all ones for a matrix without one. Names and shapes are
 * looked at here and not by `parseNetwork`, as pictures need no sound network and the page no second reader of everything.
 * @param earlier the masks of matrices at a moment of its training, row by row.
 * @throws InputError when it is no safetensors file of ours.
 */
export function gateMasks(bytes: Uint8Array, earlier?: ReadonlyMap<string, Uint8Array>): GateMask[] {
  const { tensors, metadata } = parse(bytes, NETWORK);
  return cellsIn(metadata.get("architecture")).flatMap(({ name, kind }) => {
    const { weightIh, weightHh } = tensorNames(name);
    return [weightIh, weightHh].flatMap((matrix) => {
      const [weights, mask] = [tensors.get(matrix), tensors.get(`${matrix}.mask`)];
      if (weights?.shape.length !== 2) return [];
      const [rows, columns] = weights.shape;
      const last = mask?.dtype === "BOOL" ? mask.values : new Uint8Array(rows * columns).fill(1);
      const all = earlier?.get(matrix) ?? last;
      const size = rows / gateNames[kind].length;
      return gateNames[kind].map((gate, i) => {
        const own = all.subarray(i * size * columns, (i + 1) * size * columns);
        const left = own.reduce((sum, bit) => sum + bit, 0);
        return { matrix, gate, rows: size, columns, mask: own, density: left / own.length };
      });
    });
  });
}

function cellsIn(architecture: string | undefined): { name: string; kind: CellKind }[] {
  const { nodes } = JSON.parse(architecture ?? "{}") as { nodes?: { name: string; kind?: string }[] };
  return (nodes ?? []).flatMap(({ name, kind }) => {
    const known = cellKinds.find((cell) => cell === kind);
    return known ? [{ name: String(name), kind: known }] : [];
  });
}

export function Masks({ trial: { identity, artifacts } }: { trial: TrialPage }) {
  const has = (wanted: string) => artifacts.some(({ name }) => name === wanted);
  const [found, setFound] = useState<Found | string | undefined>(undefined);
  const [hasNetwork, hasCourse] = [has(NETWORK), has(MASKS)];
  useEffect(() => {
    if (!hasNetwork) return;
    let isWanted = true;
    const set = (next: Found | string) => {
      if (isWanted) setFound(next);
    };
    foundOf(identity, hasCourse).then(set, (error) =>
      set(`its masks cannot be drawn: ${(error as Error).message}`),
    );
    return () => {
      isWanted = false;
    };
  }, [identity, hasNetwork, hasCourse]);
  if (!hasNetwork || found === undefined) return null;
  if (typeof found === "string") return <p class="error">{found}</p>;
  if (found.moments.length === 0 && found.last.every(({ density }) => density === 1)) {
    return <p class="quiet">Its network has all weights, so there are no masks to see.</p>;
  }
  return <Course found={found} />;
}

/** A trial's network and its masks, in the end and before. */
interface Found {
  readonly last: readonly GateMask[];
  readonly moments: readonly { readonly epoch: number; readonly masks: readonly GateMask[] }[];
}

async function foundOf(identity: string, hasCourse: boolean): Promise<Found> {
  const read = (name: string) => source.value!.artifact(identity, name);
  const network = await read(NETWORK);
  const course = hasCourse ? new TextDecoder().decode(await read(MASKS)) : undefined;
  return { last: gateMasks(network), moments: course === undefined ? [] : momentsOf(network, course) };
}

function momentsOf(network: Uint8Array, text: string): Found["moments"] {
  const { moments, matrices } = decodeMasks(text, MASKS);
  return moments.map(({ epoch, mask }) => {
    const of = Object.entries(matrices).map(
      ([name, [begin, length]]) => [name, mask.subarray(begin, begin + length)] as const,
    );
    return { epoch, masks: gateMasks(network, new Map(of)) };
  });
}

/** The masks of a moment that the reader chooses, at first those in the end. */
function Course({ found: { last, moments } }: { found: Found }) {
  const [chosen, setChosen] = useState(moments.length);
  const moment = moments[chosen];
  const said = moment ? `after epoch ${moment.epoch}` : "in the end";
  return (
    <MaskPicture masks={moment?.masks ?? last}>
      {moments.length > 0 && (
        <label class="moment">
          Moment of the training
          <input
            type="range"
            min={0}
            max={moments.length}
            value={chosen}
            aria-valuetext={said}
            onInput={({ currentTarget }) => setChosen(Number(currentTarget.value))}
          />
          <span class="quiet">{said}</span>
        </label>
      )}
    </MaskPicture>
  );
}

/** Pixels of a block's longer side, and around it. */
const [SIDE, LEFT, LINE] = [96, 74, 132];

function MaskPicture(props: { masks: readonly GateMask[]; children: ComponentChildren }) {
  const { masks, children } = props;
  const matrices = [...new Set(masks.map(({ matrix }) => matrix))];
  const most = Math.max(...matrices.map((name) => masks.filter(({ matrix }) => matrix === name).length));
  const [width, height] = [LEFT + most * (SIDE + 14), 8 + matrices.length * LINE];
  return (
    <Frame
      title="Masks of its network"
      note="A block for each matrix and gate, a pixel for each weight that is left, units downwards and what they read across; under it the share that is left."
      csv={() => ({
        header: ["matrix", "gate", "weights", "left", "density"],
        rows: masks.map(({ matrix, gate, mask, density }) => [
          matrix,
          gate,
          mask.length,
          Math.round(density * mask.length),
          density,
        ]),
      })}
    >
      <div class="scroll">
        <svg
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label="masks by matrix and gate"
          font-size="11"
          fill="var(--ink)"
        >
          {matrices.map((matrix, line) => (
            <g key={matrix} transform={`translate(0 ${line * LINE})`}>
              <text x="0" y="22">
                {layerOf(matrix)}
              </text>
              <text x="0" y="37" fill="var(--quiet)">
                {/weight_ih/.test(matrix) ? "input" : /weight_hh/.test(matrix) ? "hidden" : ""}
              </text>
              {masks
                .filter((mask) => mask.matrix === matrix)
                .map((mask, i) => (
                  <g key={mask.gate} transform={`translate(${LEFT + i * (SIDE + 14)} 10)`}>
                    <Block mask={mask} />
                    <text x={SIDE / 2} y={SIDE + 15} text-anchor="middle" fill="var(--quiet)">
                      {mask.gate} {(100 * mask.density).toPrecision(3)} %
                    </text>
                  </g>
                ))}
            </g>
          ))}
        </svg>
      </div>
      {children}
    </Frame>
  );
}

function layerOf(matrix: string): string {
  const layer = /^cells\.(\d+)\./.exec(matrix);
  const name = layer ? `layer ${Number(layer[1]) + 1}` : matrix.replace(/\.weight_[ih]h$/, "");
  return name.length > 11 ? `${name.slice(0, 10)}…` : name;
}

/** The pixels as an image that is the stencil of a coloured rectangle, so that they follow light and dark. */
function Block({ mask: { rows, columns, mask, matrix, gate } }: { mask: GateMask }) {
  const unit = SIDE / Math.max(rows, columns);
  const id = useRef(`mask-${Math.random().toString(36).slice(2)}`).current;
  const box = { width: columns * unit, height: rows * unit };
  const [picture, setPicture] = useState("");
  useEffect(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [columns, rows];
    const context = canvas.getContext("2d")!;
    const image = context.createImageData(columns, rows);
    for (let i = 0; i < mask.length; i++) image.data.fill(255 * mask[i], 4 * i, 4 * i + 4);
    context.putImageData(image, 0, 0);
    setPicture(canvas.toDataURL());
  }, [mask, rows, columns]);
  return (
    <>
      <mask id={id}>
        {picture ? (
          <image {...box} href={picture} preserveAspectRatio="none" style={{ imageRendering: "pixelated" }} />
        ) : null}
      </mask>
      <rect {...box} fill="var(--rnn-tanh)" mask={`url(#${id})`} />
      <rect {...box} fill="none" stroke="var(--rule)">
        <title>
          {matrix}, gate {gate}: {rows} × {columns}
        </title>
      </rect>
    </>
  );
}
