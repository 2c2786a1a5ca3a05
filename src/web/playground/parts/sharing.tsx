// The experiment for elsewhere: a link to it, the command that repeats it with the hash of the file that it writes, and the file.
import { useSignal } from "@preact/signals";
import { commandsOf, needsGraph } from "../experiment.js";
import {
  current,
  description,
  downloadData,
  edits,
  experiment,
  hash,
  mode,
  module,
  save,
  view,
} from "../store.js";

export function Sharing() {
  const { openEnded = true, updates = 0 } = description.value ?? {};
  const at = view.value?.step ?? 0;
  const { task } = experiment.value;
  const needed = [
    ...(task === "text" || task === "digits" ? ["data"] : []),
    ...(needsGraph(experiment.value) ? ["graph"] : []),
  ];
  const commands = commandsOf(current(), {
    updates: openEnded && at > 0 && at !== updates ? at : undefined,
    baseline: module.value === "simd128",
  });
  const isOver = openEnded || mode.value === "done";
  return (
    <section class="sharing" aria-label="Share and repeat">
      <h2>Share and repeat</h2>
      <div class="actions">
        <Copy label="Copy the link" text={() => location.href} />
        <button type="button" onClick={save} disabled={!view.value}>
          Save the network
        </button>
        {needed.length > 0 && (
          <button type="button" onClick={() => void downloadData()}>
            Save the {needed.join(" and the ")}
          </button>
        )}
      </div>
      {commands ? (
        <>
          <p class="quiet">
            {isOver
              ? "The same network, bit for bit, from the command line:"
              : "In the end, the same network, bit for bit, from the command line:"}
          </p>
          <pre class="command">{commands.join("\n")}</pre>
          <Copy label="Copy the command" text={() => commands.join("\n")} />
        </>
      ) : (
        <p class="quiet">
          Changed by hand {edits.value.length === 1 ? "once" : `${edits.value.length} times`}: the link
          repeats it, no command does.
        </p>
      )}
      <p class="hash quiet">
        {hash.value ? (
          <>
            SHA-256 of its file after update {hash.value.step}: <code>{hash.value.hash}</code>
          </>
        ) : mode.value === "playing" ? (
          "Pause for the hash of its file."
        ) : (
          ""
        )}
      </p>
    </section>
  );
}

function Copy({ label, text }: { label: string; text: () => string }) {
  const copied = useSignal(false);
  return (
    <button
      type="button"
      onClick={async () => {
        copied.value = await copy(text());
        setTimeout(() => {
          copied.value = false;
        }, 1500);
      }}
    >
      {copied.value ? "Copied" : label}
    </button>
  );
}

/** Where the clipboard may not be written to, as in a page from the disk in some browsers, it is asked in the old way. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
