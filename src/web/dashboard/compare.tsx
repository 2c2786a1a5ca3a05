// Some trials beside each other: where their configurations differ, what they reached, and their curves in the same charts.

import type { TrialPage } from "../store/trial.js";
import { chosen, linkTo } from "./address.js";
import { isOfGate } from "./columns.js";
import { CurvesView } from "./curves-view.js";
import { compared } from "./model.js";
import { leaves, short, spelled } from "./spoken.js";
import { State } from "./studies.js";
import { useTrial } from "./trial.js";

const MOST = 8;

export function Comparison() {
  const asked = chosen("trials")
    .split(",")
    .filter((identity) => /^[0-9a-f]{4,64}$/.test(identity))
    .slice(0, MOST);
  if (asked.length < 2) {
    return (
      <p class="quiet">
        Choose at least two trials in a table of trials{compared.value.size === 1 ? " (one is chosen)" : ""},
        then Compare.
      </p>
    );
  }
  return <Trials asked={asked} key={asked.length} />;
}

function Trials({ asked }: { asked: readonly string[] }) {
  // As many hooks as there are trials: another number of them is another element.
  const found = asked.map((identity) => useTrial(identity));
  const missing = asked.filter((_, i) => found[i] === "none");
  const shown = found.filter((trial): trial is TrialPage => typeof trial === "object");
  const settings = shown.map(
    ({ configuration, seed }) => new Map([...leaves(configuration ?? {}), ["seed", seed]]),
  );
  const names = [...new Set(settings.flatMap((own) => [...own.keys()]))].filter(
    (name) => new Set(settings.map((own) => spelled(own.get(name)))).size > 1,
  );
  const metrics = [...new Set(shown.flatMap(({ summary }) => Object.keys(summary)))]
    .filter((name) => !isOfGate(name))
    .sort();
  return (
    <>
      <section>
        <h2>{shown.length} trials</h2>
        {missing.length > 0 ? <p class="error">not in the store: {missing.join(", ")}</p> : null}
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th />
                {shown.map(({ identity, state }) => (
                  <th key={identity}>
                    <a href={linkTo(["trial", identity])}>{identity.slice(0, 12)}</a> <State state={state} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {names.map((name) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {settings.map((own, i) => (
                    <td key={shown[i].identity}>{spelled(own.get(name))}</td>
                  ))}
                </tr>
              ))}
              {metrics.map((name) => (
                <tr key={`metric ${name}`} class="result">
                  <th scope="row">{name}</th>
                  {shown.map(({ identity, summary }) => (
                    <td key={identity}>{name in summary ? short(Number(summary[name])) : ""}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {names.length === 0 && shown.length > 1 ? (
          <p class="quiet">Their configurations are the same.</p>
        ) : null}
      </section>
      <CurvesView all={shown.map(({ identity, curves }) => ({ name: identity.slice(0, 8), curves }))} />
    </>
  );
}
