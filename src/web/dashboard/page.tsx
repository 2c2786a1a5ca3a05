// The page around every view: where the reader is, whether the store goes on, and the place where a store can be dropped.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { writtenNotes } from "../store/note.js";
import { address, linkTo } from "./address.js";
import { Comparison } from "./compare.js";
import { save } from "./files.js";
import { fault, notes, openDropped, overview, source, storeName } from "./model.js";
import { filesOf } from "./source.js";
import { Studies } from "./studies.js";
import { StudyView } from "./study.js";
import { TrialView } from "./trial.js";

export function Page() {
  const dropped = useSignal("");
  const over = useSignal(false);
  const take = async (files: readonly File[]) => {
    over.value = false;
    const found = filesOf(files);
    if (!found) {
      dropped.value = "that is no store; drop the database file, for example filigree.db";
      return;
    }
    try {
      dropped.value = "reading …";
      await openDropped(found);
      dropped.value = "";
    } catch (error) {
      dropped.value = `${found.file.name} cannot be read: ${(error as Error).message}`;
    }
  };
  useEffect(() => {
    const stop = (event: DragEvent) => {
      event.preventDefault();
      over.value = event.type === "dragover";
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      void take([...(event.dataTransfer?.files ?? [])]);
    };
    addEventListener("dragover", stop);
    addEventListener("dragleave", stop);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", stop);
      removeEventListener("dragleave", stop);
      removeEventListener("drop", drop);
    };
  });
  const [kind, name] = address.value.path;
  const live = source.value?.live;
  return (
    <div class={over.value ? "app over" : "app"}>
      <header>
        <h1>
          <a href={linkTo([])}>Filigree dashboard</a>
        </h1>
        <nav aria-label="where you are">
          {storeName.value ? <a href={linkTo([])}>{storeName.value.split(/[/\\]/).at(-1)}</a> : null}
          {kind === "study" && name ? <a href={linkTo(["study", name])}>{name}</a> : null}
          {kind === "trial" && name ? <span>trial {name.slice(0, 12)}</span> : null}
          {kind === "compare" ? <span>comparison</span> : null}
        </nav>
        <span class="reading">
          {live === true ? (
            <span class={fault.value ? "state failed" : "state running"}>
              {fault.value ? "not live" : "live"}
            </span>
          ) : null}
          {live === false ? (
            <button
              type="button"
              onClick={() =>
                save(`${storeName.value}.notes.json`, "application/json", writtenNotes(notes.value))
              }
            >
              Save notes
            </button>
          ) : null}
          <label class="button">
            Open a store
            <input
              class="unseen"
              type="file"
              multiple
              onChange={({ currentTarget }) => void take([...(currentTarget.files ?? [])])}
            />
          </label>
        </span>
      </header>
      <div role="status">
        {fault.value ? <p class="error">{fault.value}</p> : null}
        {dropped.value ? <p class="error">{dropped.value}</p> : null}
      </div>
      <main>{overview.value ? <View kind={kind} name={name} /> : <Nothing />}</main>
    </div>
  );
}

function View({ kind, name }: { kind: string | undefined; name: string | undefined }) {
  if (kind === "study" && name !== undefined) return <StudyView name={name} key={name} />;
  if (kind === "trial" && name !== undefined) return <TrialView identity={name} key={name} />;
  if (kind === "compare") return <Comparison />;
  return <Studies />;
}

function Nothing() {
  if (source.value) return <p class="quiet">waiting for the store …</p>;
  return (
    <section class="drop">
      <h2>Drop a store here</h2>
      <p class="quiet">
        The database file of a study, for example <code>filigree.db</code>, is read in this page and goes
        nowhere. If it is in use, drop <code>filigree.db-wal</code> along, which holds what was written last;
        and <code>filigree.db.notes.json</code> for its notes. To watch a run, use{" "}
        <code>filigree dashboard</code>.
      </p>
    </section>
  );
}
