// What the playground shows: what is trained on the left, the network in the middle, how it does on the right, and its course
// at the bottom.
import { useEffect, useState } from "preact/hooks";
import { Automaton } from "./parts/automaton.js";
import { Confusion } from "./parts/confusion.js";
import { LossCurves } from "./parts/curves.js";
import { UnitGraph } from "./parts/graph.js";
import { Hand } from "./parts/hand.js";
import { ReadingPanel } from "./parts/reading.js";
import { Sample } from "./parts/sample.js";
import { SettingsForm } from "./parts/settings.js";
import { Sharing } from "./parts/sharing.js";
import { Timeline } from "./parts/timeline.js";
import { Transport } from "./parts/transport.js";
import { Ends, Weights } from "./parts/weights.js";
import { description, open, play, refusal, start, step } from "./store.js";

export function Page() {
  useEffect(() => {
    void start();
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files may be dropped anywhere; a button opens them as well
    <div
      class={over ? "page over" : "page"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) void open(file);
      }}
    >
      <header>
        <h1>Filigree playground</h1>
        <Transport />
      </header>
      <Refusal />
      <main>
        <section class="side" aria-label="Experiment">
          <SettingsForm />
          <Automaton />
          <Sharing />
        </section>
        <section class="network" aria-label="Network">
          {description.value?.units ? (
            <>
              <UnitGraph />
              <Hand />
              <Weights />
            </>
          ) : (
            <>
              <Weights />
              <Hand />
            </>
          )}
          <Ends />
        </section>
        <section class="side" aria-label="Results">
          <LossCurves />
          <ReadingPanel />
          <Sample />
          <Confusion />
        </section>
      </main>
      <Timeline />
    </div>
  );
}

/** What the Worker would not do, in one line. */
function Refusal() {
  return <div role="alert">{refusal.value && <p class="error">{refusal}</p>}</div>;
}

/** Space plays and pauses, a point makes one update, unless something else has the keyboard. */
function onKey(event: KeyboardEvent): void {
  const { target, key } = event;
  if (target instanceof HTMLElement && target.closest("input, select, textarea, button, summary, canvas, a"))
    return;
  if (key === " ") play();
  else if (key === ".") step();
  else return;
  event.preventDefault();
}
