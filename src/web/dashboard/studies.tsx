// All studies of the store, how far they are, and who works on them.
import { useEffect, useState } from "preact/hooks";
import { states } from "../store/table.js";
import type { Runner, StudyOverview } from "../store/watch.js";
import { linkTo } from "./address.js";
import { notes, overview, source } from "./model.js";
import { duration, moment, whole } from "./spoken.js";

export function Studies() {
  const { studies, runners } = overview.value!;
  return (
    <>
      <section>
        <h2>Studies</h2>
        {studies.length === 0 ? <p class="quiet">The store holds no study yet.</p> : null}
        <ul class="studies">
          {studies.map((study) => (
            <li key={study.id}>
              <h3>
                <a href={linkTo(["study", study.name])}>{study.name}</a>
              </h3>
              <p class="quiet">
                {study.kind}
                {study.objective ? `, ${study.objective.direction} ${study.objective.metric}` : ""}, begun{" "}
                {moment(study.created)}
                {notes.value[`study:${study.name}`]?.tags.map((tag) => (
                  <span class="tag" key={tag}>
                    {tag}
                  </span>
                ))}
              </p>
              <Progress study={study} />
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>Workers</h2>
        <Workers runners={runners} />
      </section>
    </>
  );
}

/** A bar of the states of a study's trials, and how long the rest takes. */
export function Progress({ study }: { study: StudyOverview }) {
  const { counts, total, perHour, secondsLeft } = study;
  const said = [
    `${whole(counts.finished)} of ${whole(total)} finished`,
    ...(["running", "waiting", "failed"] as const)
      .filter((state) => counts[state] > 0)
      .map((state) => `${whole(counts[state])} ${state}`),
    ...(perHour === undefined || counts.running === 0 ? [] : [speed(perHour)]),
    ...(secondsLeft === undefined ? [] : [`${duration(secondsLeft)} left`]),
  ];
  return (
    <div class="progress">
      <div class="bar" aria-hidden="true">
        {(["finished", "failed", "running"] as const).map((state) => (
          <span
            key={state}
            class={state}
            style={{ width: `${(100 * counts[state]) / Math.max(1, total)}%` }}
          />
        ))}
      </div>
      <p>{said.join(", ")}</p>
    </div>
  );
}

function speed(perHour: number): string {
  if (perHour >= 7_200) return `${(perHour / 3_600).toPrecision(3)} trials a second`;
  if (perHour >= 120) return `${(perHour / 60).toPrecision(3)} trials a minute`;
  return `${perHour.toPrecision(3)} trials an hour`;
}

function Workers({ runners }: { runners: readonly Runner[] }) {
  const now = useNow(runners.length > 0 && source.value?.live === true);
  if (runners.length === 0) return <p class="quiet">Nobody works on this store at the moment.</p>;
  return (
    <ul class="workers">
      {runners.map((runner) => (
        <li key={`${runner.machine} ${runner.pid}`}>
          <h3>
            {runner.machine}, process {runner.pid}{" "}
            <span class={runner.alive ? "state running" : "state failed"}>
              {runner.alive ? "alive" : "gone"}
            </span>
          </h3>
          <p class="quiet">
            {runner.alive
              ? `seen ${duration(Math.max(0, Math.round((now - runner.seen) / 1000)))} ago, ${whole(runner.running)} ${runner.running === 1 ? "trial" : "trials"} under way`
              : "its trials wait to be taken up by the next run"}
          </p>
          {runner.trials.length > 0 ? (
            <div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th>trial</th>
                    <th>study</th>
                    <th>epoch</th>
                    <th>since</th>
                  </tr>
                </thead>
                <tbody>
                  {runner.trials.map((trial) => (
                    <tr key={trial.identity}>
                      <td>
                        <a href={linkTo(["trial", trial.identity])}>{trial.identity.slice(0, 12)}</a>
                      </td>
                      <td>
                        {trial.study === undefined
                          ? `needed by others (${trial.kind})`
                          : `${trial.study} #${trial.number}`}
                      </td>
                      <td>
                        {trial.epoch ?? 0}
                        {trial.epochs === undefined ? "" : ` of ${trial.epochs}`}
                      </td>
                      <td>
                        {trial.started === undefined
                          ? ""
                          : duration(Math.max(0, Math.round((now - trial.started) / 1000)))}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          ) : null}
          {runner.running > runner.trials.length && runner.alive ? (
            <p class="quiet">and {whole(runner.running - runner.trials.length)} more</p>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

/** The time, as it goes on once a second while someone wants it to. */
function useNow(goes: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!goes) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [goes]);
  return now;
}

/** The state of a trial as a word with its colour. */
export function State({ state }: { state: string }) {
  return <span class={states.some((known) => known === state) ? `state ${state}` : "state"}>{state}</span>;
}
