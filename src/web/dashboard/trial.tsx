// One trial: what it was, compared with the best of its study, its curves, its masks, what happened in its attempts, its files,
// and the command that repeats it.
import { useEffect, useState } from "preact/hooks";
import type { AttemptRow, TrialPage } from "../store/trial.js";
import { choose, chosen, linkTo } from "./address.js";
import { isOfGate } from "./columns.js";
import { CurvesView } from "./curves-view.js";
import { Masks } from "./masks.js";
import {
  bestRow,
  compared,
  follow,
  overview,
  source,
  storeName,
  study,
  studyNamed,
  trials,
} from "./model.js";
import { NoteEditor } from "./note-editor.js";
import { repeatCommand } from "./repeat.js";
import { duration, leaves, moment, short, spelled, whole } from "./spoken.js";
import { State } from "./studies.js";

/** A trial, asked for again whenever the store has changed while it is not over. */
export function useTrial(identity: string): TrialPage | "none" | undefined {
  const [trial, setTrial] = useState<TrialPage | "none" | undefined>(undefined);
  const isOver = typeof trial === "object" && (trial.state === "finished" || trial.state === "failed");
  const change = isOver ? undefined : overview.value;
  const from = source.value;
  useEffect(() => {
    let isWanted = true;
    from?.trial(identity).then(
      (found) => {
        if (isWanted) setTrial(found ?? "none");
      },
      () => {
        // The page says that the store cannot be read; what was read of it stays.
      },
    );
    return () => {
      isWanted = false;
    };
  }, [identity, from, change]);
  return trial;
}

export function TrialView({ identity }: { identity: string }) {
  const trial = useTrial(identity);
  if (trial === "none") return <p class="error">The store has no trial {identity}.</p>;
  if (trial === undefined) return <p class="quiet">reading …</p>;
  return <Whole trial={trial} />;
}

function Whole({ trial }: { trial: TrialPage }) {
  const { identity, studies } = trial;
  const first = studies[0] && studyNamed(studies[0].name)?.id;
  useEffect(() => {
    if (first !== undefined) follow(first);
  }, [first]);
  const isChosen = [...compared.value].some((digits) => identity.startsWith(digits));
  return (
    <>
      <section class="head">
        <h2>
          Trial {identity.slice(0, 12)} <State state={trial.state} />
        </h2>
        <p>
          {trial.kind} (version {trial.version}), seed {trial.seed}
          {studies.map(({ name, number }) => (
            <span key={name}>
              , number {number} of <a href={linkTo(["study", name])}>{name}</a>
            </span>
          ))}
        </p>
        {trial.needs.length > 0 ? (
          <p>
            starts from{" "}
            {trial.needs.map((need) => (
              <a key={need} href={linkTo(["trial", need])}>
                {need.slice(0, 12)}
              </a>
            ))}
          </p>
        ) : null}
        {trial.error ? (
          <p class="error" role="alert">
            {trial.error}
          </p>
        ) : null}
        {trial.leftOut.length > 0 ? <p class="quiet">not shown: {trial.leftOut.join("; ")}</p> : null}
        <p class="tools">
          <button
            type="button"
            aria-pressed={isChosen}
            onClick={() => {
              const others = [...compared.value].filter((digits) => !identity.startsWith(digits));
              compared.value = new Set(isChosen ? others : [...others, identity.slice(0, 16)]);
            }}
          >
            {isChosen ? "Chosen to compare" : "Choose to compare"}
          </button>
          {compared.value.size > 1 ? (
            <a class="button" href={linkTo(["compare"], { trials: [...compared.value].join(",") })}>
              Compare {compared.value.size}
            </a>
          ) : null}
        </p>
        <NoteEditor about={identity} label="trial" />
      </section>
      <Summary trial={trial} />
      <CurvesView all={[{ name: "", curves: trial.curves }]} />
      <Masks trial={trial} />
      <Configuration trial={trial} />
      <Log attempts={trial.attempts} />
      <Files trial={trial} />
      {trial.configuration ? (
        <Repeat command={repeatCommand({ ...trial, configuration: trial.configuration })} />
      ) : null}
    </>
  );
}

function Summary({ trial }: { trial: TrialPage }) {
  // Those of gates stand under the masks.
  const entries = Object.entries(trial.summary).filter(([name]) => !isOfGate(name));
  if (entries.length === 0) return null;
  return (
    <section>
      <h3>Summary</h3>
      <dl class="facts">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === "number" ? short(value) : value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What two configurations say, where they differ or all of it. */
function Configuration({ trial }: { trial: TrialPage }) {
  const row = bestRow.value;
  const best = row === undefined ? undefined : trials.value?.table.identity(row);
  const isBest = best !== undefined && trial.identity.startsWith(best);
  const other = useTrial(best ?? trial.identity);
  const isWhole = chosen("all") === "yes" || isBest || typeof other !== "object" || best === undefined;
  if (!trial.configuration) return null;
  const own = leaves(trial.configuration);
  const than =
    typeof other === "object" && other.configuration
      ? leaves(other.configuration)
      : new Map<string, unknown>();
  const names = [...new Set([...own.keys(), ...than.keys()])].sort();
  const shown = names.filter((name) => isWhole || spelled(own.get(name)) !== spelled(than.get(name)));
  const compares = best !== undefined && !isBest;
  return (
    <section>
      <h3>Configuration</h3>
      <p class="quiet">
        {isBest ? `This is the best trial of ${study.value?.name}.` : null}
        {compares ? (
          <>
            What differs from the <a href={linkTo(["trial", best])}>best trial</a>.{" "}
            <label class="switch">
              <input
                type="checkbox"
                checked={chosen("all") === "yes"}
                onChange={({ currentTarget }) => choose({ all: currentTarget.checked ? "yes" : "" })}
              />
              all of it
            </label>
          </>
        ) : null}
      </p>
      {shown.length === 0 ? <p>Nothing but the seed.</p> : null}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>value</th>
              <th>here</th>
              {compares ? <th>in the best</th> : null}
            </tr>
          </thead>
          <tbody>
            {shown.map((name) => {
              const differs = compares && spelled(own.get(name)) !== spelled(than.get(name));
              return (
                <tr key={name} class={differs ? "differs" : undefined}>
                  <th scope="row">{name}</th>
                  <td>{spelled(own.get(name))}</td>
                  {compares ? <td>{spelled(than.get(name))}</td> : null}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Log({ attempts }: { attempts: readonly AttemptRow[] }) {
  if (attempts.length === 0) return null;
  return (
    <section>
      <h3>Log</h3>
      <ol class="log">
        {attempts.map((attempt) => (
          <li key={attempt.started}>
            <p>
              {moment(attempt.started)}:{" "}
              {attempt.resumedEpoch === undefined ? "begun" : `went on after epoch ${attempt.resumedEpoch}`}{" "}
              by process {attempt.pid} of {attempt.machine}
            </p>
            {attempt.outcome ? (
              <p>
                {moment(attempt.ended)}: {attempt.outcome}
                {attempt.seconds === undefined ? "" : ` after ${duration(attempt.seconds)}`}
              </p>
            ) : (
              <p class="quiet">not ended</p>
            )}
            {attempt.error ? <pre>{attempt.error}</pre> : null}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Files({ trial: { artifacts, identity } }: { trial: TrialPage }) {
  const [said, setSaid] = useState("");
  if (artifacts.length === 0) return null;
  const fetchFile = async (name: string) => {
    try {
      const bytes = await source.value!.artifact(identity, name);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([bytes]));
      link.download = name.replace(/[^\p{L}\p{N}._-]+/gu, "-");
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      setSaid("");
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  return (
    <section>
      <h3>Files</h3>
      <ul class="files">
        {artifacts.map(({ name, size }) => (
          <li key={name}>
            <button type="button" onClick={() => void fetchFile(name)}>
              {name}
            </button>{" "}
            <span class="quiet">{whole(size)} bytes</span>
          </li>
        ))}
      </ul>
      {said ? <p class="error">{said}</p> : null}
    </section>
  );
}

function Repeat({ command }: { command: string }) {
  const [said, setSaid] = useState("Copy");
  return (
    <section>
      <h3>Run it again</h3>
      <p class="quiet">
        In a store of its own the trial has the same identity, and gives the same numbers. {storeName.value}{" "}
        is left as it is.
      </p>
      <pre class="command">{command}</pre>
      <button
        type="button"
        onClick={() =>
          navigator.clipboard.writeText(command).then(
            () => setSaid("Copied"),
            () => setSaid("The browser lets no page copy; mark the text"),
          )
        }
      >
        {said}
      </button>
    </section>
  );
}
