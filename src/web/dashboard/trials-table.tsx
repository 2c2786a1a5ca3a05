// The trials as a table of any length: only the rows that are seen are in the document, and scrolling moves them. It is sorted by
// a click on a column's name; a trial's identity leads to its page, and boxes choose trials to compare.
import { useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { choose, linkTo } from "./address.js";
import { type Column, namesOf, short } from "./columns.js";
import { csvOf, save } from "./files.js";
import { columns, compared, objectiveColumn, sortedBy, sortedRows, study, trials } from "./model.js";
import { duration, moment } from "./spoken.js";
import { State } from "./studies.js";

/** Pixels of a row, and rows beyond the seen ones that are made too. */
const ROW = 30;
const BEYOND = 12;
/** Trials that can be compared at once. */
const MOST_COMPARED = 8;

/** The columns that are shown, in order: what tells trials apart, what they reached, what varied, all the rest. */
function shownColumns(): Column[] {
  const all = columns.value;
  const objective = objectiveColumn.value?.name;
  const metrics = namesOf(all, "metric").filter((name) => name !== objective);
  const names = [
    "number",
    "state",
    ...(objective === undefined ? [] : [objective]),
    ...namesOf(all, "parameter"),
    "replicate",
    ...metrics,
    "seconds",
    "ended",
    "tag",
    "error",
  ];
  return names.map((name) => all.get(name)!);
}

export function TrialsTable() {
  const { table } = trials.value!;
  const rows = sortedRows.value;
  const shown = shownColumns();
  const viewport = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setHeight(contentRect.height));
    observer.observe(viewport.current!);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top.value / ROW) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((top.value + height) / ROW) + BEYOND);
  const widths = shown.map((column) => `${widthOf(column)}rem`);
  const template = { gridTemplateColumns: `2.2rem 8.5rem ${widths.join(" ")}` };
  const saveRows = () => {
    const all = [...columns.value.values()];
    const cells = function* () {
      for (const row of rows)
        yield all.map((column) => (column.numeric ? column.number(row) : column.text(row)));
    };
    save(
      `${study.value?.name}.csv`,
      "text/csv",
      csvOf(
        all.map(({ name }) => name),
        cells(),
      ),
    );
  };
  return (
    <section aria-label="trials">
      <p class="tools">
        <button type="button" onClick={saveRows} aria-label="save the table as CSV">
          CSV
        </button>
      </p>
      <section
        class="viewport"
        aria-label="rows"
        ref={viewport}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
        tabIndex={0}
        onScroll={({ currentTarget }) => {
          top.value = currentTarget.scrollTop;
        }}
      >
        <table
          aria-label="trials"
          aria-rowcount={rows.length + 1}
          class="grid"
          style={{ height: `${(rows.length + 1) * ROW}px` }}
        >
          <thead>
            <tr aria-rowindex={1} class="row names" style={template}>
              <td />
              <th scope="col">trial</th>
              {shown.map((column) => (
                <Name column={column} key={column.name} />
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: Math.max(0, last - first) }, (_, i) => {
              const [place, row] = [first + i, rows[first + i]];
              const identity = table.identity(row);
              return (
                <tr
                  aria-rowindex={place + 2}
                  key={row}
                  class="row"
                  style={{ ...template, transform: `translateY(${(place + 1) * ROW}px)` }}
                >
                  <td>{identity ? <Choose identity={identity} /> : null}</td>
                  <td>
                    {identity ? <a href={linkTo(["trial", identity])}>{identity.slice(0, 12)}</a> : "–"}
                  </td>
                  {shown.map((column) => (
                    <Cell column={column} row={row} key={column.name} />
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** Of a column, in rem: as its name and its values need, within limits. */
function widthOf(column: Column): number {
  const texts = column.numeric ? [] : (column.words?.texts.slice(0, 50) ?? []);
  const wide = { ended: 10.5, error: 30, tag: 10, state: 6 }[column.name];
  const letters = Math.max(
    column.name.length + 2,
    column.numeric ? 9 : 0,
    ...texts.map((text) => text.length),
  );
  return wide ?? Math.min(18, 1.4 + 0.56 * letters);
}

function Name({ column: { name, numeric } }: { column: Column }) {
  const isSorted = sortedBy.value === name || sortedBy.value === `-${name}`;
  const descending = isSorted && sortedBy.value.startsWith("-");
  const next = isSorted ? (descending ? name : `-${name}`) : numeric ? `-${name}` : name;
  return (
    <th
      scope="col"
      aria-sort={isSorted ? (descending ? "descending" : "ascending") : "none"}
      class={numeric ? "number" : undefined}
    >
      <button type="button" title={name} onClick={() => choose({ sort: next })}>
        {name}
        {isSorted ? <span aria-hidden="true">{descending ? " ↓" : " ↑"}</span> : null}
      </button>
    </th>
  );
}

function Cell({ column, row }: { column: Column; row: number }) {
  if (column.name === "state") {
    return (
      <td>
        <State state={column.text(row)} />
      </td>
    );
  }
  const text =
    column.name === "ended"
      ? moment(column.number(row))
      : column.name === "seconds"
        ? duration(column.number(row))
        : column.numeric
          ? short(column.number(row))
          : column.text(row);
  return (
    <td class={column.numeric ? "number" : undefined} title={text.length > 18 ? text : undefined}>
      {text}
    </td>
  );
}

function Choose({ identity }: { identity: string }) {
  const isChosen = compared.value.has(identity);
  return (
    <input
      type="checkbox"
      aria-label={`compare ${identity.slice(0, 12)}`}
      checked={isChosen}
      disabled={!isChosen && compared.value.size >= MOST_COMPARED}
      onChange={() => {
        const next = new Set(compared.value);
        if (!next.delete(identity)) next.add(identity);
        compared.value = next;
      }}
    />
  );
}
