// Parallel coordinates: an axis for each varied value and for the objective, a line for each trial, coloured by the objective. A
// brush drawn along an axis becomes a term of the filter, so that it holds in the table and in the address too.
import { useRef, useState } from "preact/hooks";
import { choose, chosen } from "./address.js";
import { Frame, useWidth } from "./chart.js";
import { type Column, namesOf } from "./columns.js";
import { termOf, withTerm } from "./filter.js";
import { thin, wantsLog } from "./groups.js";
import { columns, filtered, filterLine, objective, objectiveColumn, trials, varied } from "./model.js";
import { type Scale, scaleOf } from "./scale.js";
import { whole } from "./spoken.js";

/** Lines that are drawn of the trials that the filter leaves, and of the others behind them. */
const MOST_LINES = 1_500;
const MOST_BEHIND = 400;
/** Colours from the worst to the best. */
const SHADES = 9;
const [HEIGHT, TOP, BOTTOM] = [380, 34, 14];
/** Pixels that an axis takes at least; narrower places scroll. */
const DISTANCE = 104;
const MOST_AXES = 12;

export function Parallel() {
  const { table } = trials.value!;
  const { place, width: seen } = useWidth<HTMLDivElement>();
  const candidates = [
    ...varied.value.map(({ name }) => name),
    ...namesOf(columns.value, "metric").filter((name) => name !== objectiveColumn.value?.name),
    ...(objectiveColumn.value ? [objectiveColumn.value.name] : []),
  ];
  const preset = [
    ...varied.value.slice(0, MOST_AXES - 1).map(({ name }) => name),
    objectiveColumn.value?.name ?? namesOf(columns.value, "metric")[0],
  ];
  const shown = new Set(chosen("axes") === "" ? preset : chosen("axes").split("|"));
  const logged = new Set(chosen("logs").split("|"));
  const all = Uint32Array.from({ length: table.rows }, (_, i) => i);
  const scales = candidates
    .filter((name) => shown.has(name))
    .map((name) => columns.value.get(name)!)
    .map((column) => scaleOf(column, all, isLog(column, logged, all)));
  const width = Math.max(seen, DISTANCE * scales.length);
  const { rows } = filtered.value;
  const lines = thin(rows, MOST_LINES);
  const toggle = (of: ReadonlySet<string>, name: string) =>
    [
      ...new Set(
        [...of].filter((other) => other !== name && other !== "").concat(of.has(name) ? [] : [name]),
      ),
    ].join("|");
  return (
    <Frame
      title="Parallel coordinates"
      note={`A line for each trial${lines.length < rows.length ? `; ${whole(lines.length)} of ${whole(rows.length)} are drawn` : ""}${objectiveColumn.value ? `, the stronger the better its ${objectiveColumn.value.name}` : ""}. Draw along an axis to filter by it; a click on the axis takes that back.`}
      controls={
        <details>
          <summary>Axes</summary>
          <div class="axes">
            {candidates.map((name) => (
              <span key={name}>
                <label class="switch">
                  <input
                    type="checkbox"
                    checked={shown.has(name)}
                    disabled={!shown.has(name) && shown.size >= MOST_AXES}
                    onChange={() => choose({ axes: toggle(shown, name) })}
                  />
                  {name}
                </label>
                {columns.value.get(name)?.numeric ? (
                  <label class="switch quiet">
                    <input
                      type="checkbox"
                      checked={isLog(columns.value.get(name)!, logged, all)}
                      onChange={({ currentTarget }) => {
                        const own = [...logged].filter(
                          (entry) => entry !== name && entry !== `-${name}` && entry !== "",
                        );
                        choose({ logs: [...own, currentTarget.checked ? name : `-${name}`].join("|") });
                      }}
                    />
                    log
                  </label>
                ) : null}
              </span>
            ))}
          </div>
        </details>
      }
      csv={() => ({
        header: ["trial", ...scales.map(({ column }) => column.name)],
        rows: Array.from(rows, (row) => [
          table.identity(row),
          ...scales.map(({ column }) => (column.numeric ? column.number(row) : column.text(row))),
        ]),
      })}
    >
      <div ref={place} class="scroll">
        {seen > 0 ? (
          <Picture scales={scales} width={width} lines={lines} behind={thin(all, MOST_BEHIND)} />
        ) : null}
      </div>
    </Frame>
  );
}

function isLog(column: Column, logged: ReadonlySet<string>, rows: Uint32Array): boolean {
  if (!column.numeric) return false;
  if (logged.has(column.name)) return true;
  return (
    !logged.has(`-${column.name}`) &&
    column.kind === "parameter" &&
    wantsLog(thin(rows, 1_000).map(column.number))
  );
}

function Picture({
  scales,
  width,
  lines,
  behind,
}: {
  scales: readonly Scale[];
  width: number;
  lines: readonly number[];
  behind: readonly number[];
}) {
  const margin = DISTANCE / 2;
  const across = (i: number) => margin + (i * (width - 2 * margin)) / Math.max(1, scales.length - 1);
  const down = (place: number) => TOP + (1 - place) * (HEIGHT - TOP - BOTTOM);
  const path = (row: number) => {
    let text = "";
    let isDrawn = false;
    for (const [i, scale] of scales.entries()) {
      const place = scale.place(row);
      if (!Number.isNaN(place))
        text += `${isDrawn ? "L" : "M"}${Math.round(across(i))},${Math.round(10 * down(place)) / 10}`;
      isDrawn = !Number.isNaN(place);
    }
    return text;
  };
  const shades = shadesOf(lines);
  // Few lines are drawn strongly; many are seen by where they lie over each other.
  const strength = Math.min(1, Math.max(0.25, 60 / Math.max(1, lines.length)));
  return (
    <svg
      width={width}
      height={HEIGHT}
      role="img"
      aria-label={`${lines.length} trials over ${scales.length} axes`}
      font-size="11"
      fill="var(--ink)"
    >
      <path d={behind.map(path).join("")} fill="none" stroke="var(--rule)" stroke-opacity="0.5" />
      {shades.map((rows, shade) => (
        <path
          key={shade}
          d={rows.map(path).join("")}
          fill="none"
          stroke={shade === SHADES - 1 ? "var(--rnn-relu)" : "var(--rnn-tanh)"}
          stroke-opacity={shade === SHADES - 1 ? Math.max(0.6, strength) : strength * (0.25 + shade / SHADES)}
        />
      ))}
      {scales.map((scale, i) => (
        <Axis scale={scale} x={across(i)} key={scale.column.name} />
      ))}
    </svg>
  );
}

/** Rows by how good they are, the best last; all in the middle where nothing is to be optimised. */
function shadesOf(rows: readonly number[]): number[][] {
  const shades: number[][] = Array.from({ length: SHADES }, () => []);
  const [column, of] = [objectiveColumn.value, objective.value];
  if (!column || !of) {
    shades[SHADES >> 1].push(...rows);
    return shades;
  }
  const sign = of.direction === "maximize" ? 1 : -1;
  const scored = rows.filter((row) => Number.isFinite(column.number(row)));
  const order = scored.sort((a, b) => sign * (column.number(a) - column.number(b)));
  order.forEach((row, i) => {
    shades[Math.floor((i * SHADES) / order.length)].push(row);
  });
  shades[0].push(...rows.filter((row) => !Number.isFinite(column.number(row))));
  return shades;
}

/** Pixels that a pointer moves before it draws a brush and is no click. */
const CLICK = 4;

function Axis({ scale, x }: { scale: Scale; x: number }) {
  const { name } = scale.column;
  const [drawn, setDrawn] = useState<readonly [number, number] | undefined>(undefined);
  const begun = useRef<number | undefined>(undefined);
  const value = termOf(filterLine.value, name);
  const span = drawn ?? (value === undefined ? undefined : scale.span(value));
  const reach = HEIGHT - TOP - BOTTOM;
  const placeOf = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    return 1 - (event.clientY - box.top) / box.height;
  };
  const endsTo = (event: PointerEvent): readonly [number, number] => {
    const [from, to] = [begun.current!, placeOf(event)];
    return [Math.min(from, to), Math.max(from, to)];
  };
  const finish = (event: PointerEvent) => {
    if (begun.current === undefined) return;
    const ends = endsTo(event);
    begun.current = undefined;
    setDrawn(undefined);
    const isBrush = (ends[1] - ends[0]) * reach > CLICK;
    choose({ filter: withTerm(filterLine.value, name, isBrush ? scale.between(...ends) : undefined) });
  };
  const down = (place: number) => TOP + (1 - Math.min(1, Math.max(0, place))) * reach;
  return (
    <g>
      <text x={x} y={14} text-anchor="middle" font-weight="600">
        {name.length > 17 ? `…${name.slice(-16)}` : name}
        <title>{name}</title>
      </text>
      <line x1={x} x2={x} y1={TOP} y2={HEIGHT - BOTTOM} stroke="var(--quiet)" />
      {scale.ticks.map(({ place, label }) => (
        <text
          key={label}
          x={x + 5}
          y={down(place) + 4}
          stroke="var(--paper)"
          stroke-width="3"
          paint-order="stroke"
          fill="var(--quiet)"
        >
          {label.length > 14 ? `${label.slice(0, 13)}…` : label}
        </text>
      ))}
      {span ? (
        <rect
          class="brush"
          x={x - 8}
          width="16"
          y={down(span[1])}
          height={Math.max(2, down(span[0]) - down(span[1]))}
          fill="var(--accent-1)"
          fill-opacity="0.3"
          stroke="var(--accent-1)"
        />
      ) : null}
      <rect
        class="axis"
        data-axis={name}
        x={x - 16}
        width="32"
        y={TOP}
        height={reach}
        fill="transparent"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          begun.current = placeOf(event);
        }}
        onPointerMove={(event) => {
          if (begun.current !== undefined) setDrawn(endsTo(event));
        }}
        onPointerUp={finish}
        onPointerCancel={() => {
          begun.current = undefined;
          setDrawn(undefined);
        }}
      />
    </g>
  );
}
