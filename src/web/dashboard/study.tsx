// One study: how far it is, the filter that all its views share, and the view that the reader has chosen.
import { useEffect, useRef, useState } from "preact/hooks";
import { address, choose, formatAddress } from "./address.js";
import { Course } from "./course.js";
import { Effects } from "./effects.js";
import { termOf, withTerm } from "./filter.js";
import { ImportanceView } from "./importance-view.js";
import {
  compared,
  filtered,
  filterLine,
  follow,
  generation,
  objective,
  study,
  studyNamed,
  trials,
  viewName,
} from "./model.js";
import { NoteEditor } from "./note-editor.js";
import { Parallel } from "./parallel.js";
import { whole } from "./spoken.js";
import { Progress } from "./studies.js";
import { TrialsTable } from "./trials-table.js";

const views = {
  table: { label: "Table", view: TrialsTable },
  course: { label: "Over time", view: Course },
  effects: { label: "Effects", view: Effects },
  parallel: { label: "Parallel", view: Parallel },
  importance: { label: "Importance", view: ImportanceView },
} as const;

export function StudyView({ name }: { name: string }) {
  const named = studyNamed(name);
  const id = named?.id;
  useEffect(() => {
    if (id !== undefined) follow(id);
  }, [id, generation.value]);
  if (!named) return <p class="error">The store has no study {name}.</p>;
  const { view: View } = Object.hasOwn(views, viewName.value)
    ? views[viewName.value as keyof typeof views]
    : views.table;
  const ready = trials.value !== undefined && study.value?.id === id;
  return (
    <>
      <section class="head">
        <h2>{name}</h2>
        <Progress study={named} />
        <NoteEditor about={`study:${name}`} label="study" />
      </section>
      {ready ? (
        <>
          <Filter />
          <nav class="views" aria-label="views of the study">
            {Object.entries(views).map(([view, { label }]) => (
              <a
                key={view}
                href={formatAddress({ path: ["study", name, view], chosen: address.value.chosen })}
                aria-current={viewName.value === view ? "page" : undefined}
              >
                {label}
              </a>
            ))}
          </nav>
          {trials.value?.table.leftOut ? <p class="error">not shown: {trials.value.table.leftOut}</p> : null}
          <View />
        </>
      ) : (
        <p class="quiet" role="status">
          reading the trials …
        </p>
      )}
    </>
  );
}

/** Milliseconds without a key after which the filter is applied. */
const PAUSE = 60;

function Filter() {
  const line = filterLine.value;
  const [text, setText] = useState(line);
  const timer = useRef(0);
  // A brush or going back changes it from elsewhere.
  useEffect(() => {
    clearTimeout(timer.current);
    setText(line);
  }, [line]);
  const write = (next: string) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => choose({ filter: next }), PAUSE);
  };
  const { rows, remarks } = filtered.value;
  const total = trials.value!.table.rows;
  const top = Number.parseFloat(termOf(line, "top") ?? "");
  return (
    <search class="filter">
      <label>
        Filter
        <input
          type="search"
          value={text}
          placeholder="cell=lstm|gru density=0.01..0.1 testAccuracy>0.9 state=failed top=5%"
          spellcheck={false}
          onInput={({ currentTarget }) => write(currentTarget.value)}
        />
      </label>
      {objective.value ? (
        <label class="short">
          best
          <input
            type="number"
            min="0.1"
            max="100"
            step="any"
            placeholder="100"
            value={Number.isNaN(top) ? "" : top}
            onChange={({ currentTarget: { value } }) =>
              choose({ filter: withTerm(line, "top", value === "" ? undefined : `${value}%`) })
            }
          />
          %
        </label>
      ) : null}
      <p role="status">
        {whole(rows.length)} of {whole(total)} trials
        {line === "" ? null : (
          <button type="button" onClick={() => choose({ filter: "" })}>
            Show all
          </button>
        )}
        {compared.value.size > 0 ? (
          <>
            <a class="button" href={compareLink()}>
              Compare {compared.value.size}
            </a>
            <button
              type="button"
              onClick={() => {
                compared.value = new Set();
              }}
            >
              None
            </button>
          </>
        ) : null}
      </p>
      {remarks.map((remark) => (
        <p class="error" key={remark}>
          {remark}
        </p>
      ))}
    </search>
  );
}

function compareLink(): string {
  const trials = [...compared.value].join(",");
  return formatAddress({ path: ["compare"], chosen: new Map([["trials", trials]]) });
}
