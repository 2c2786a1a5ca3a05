// A note and tags about a trial or a study. They are kept by the server beside the store, or in the page, where a store was
// dropped, until the reader saves them.
import { useEffect, useState } from "preact/hooks";
import { noteLimits } from "../store/note.js";
import { notes, source } from "./model.js";

export function NoteEditor({ about, label }: { about: string; label: string }) {
  const known = notes.value[about] ?? { text: "", tags: [] };
  const [text, setText] = useState(known.text);
  const [tags, setTags] = useState(known.tags.join(", "));
  const [said, setSaid] = useState("");
  useEffect(() => {
    setText(known.text);
    setTags(known.tags.join(", "));
  }, [about, known.text, known.tags.join(", ")]);
  const isChanged = text !== known.text || listOf(tags).join(", ") !== known.tags.join(", ");
  const keep = async (event: Event) => {
    event.preventDefault();
    try {
      notes.value = await source.value!.keep(about, { text, tags: listOf(tags) });
      setSaid(source.value?.live ? "kept beside the store" : "kept in this page; Save notes writes a file");
    } catch (error) {
      setSaid(`not kept: ${(error as Error).message}`);
    }
  };
  return (
    <details class="note" open={known.text !== "" || known.tags.length > 0}>
      <summary>
        Note and tags
        {known.tags.map((tag) => (
          <span class="tag" key={tag}>
            {tag}
          </span>
        ))}
      </summary>
      <form onSubmit={keep}>
        <label>
          Note on the {label}
          <textarea
            rows={3}
            maxLength={noteLimits.text}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <label>
          Tags, with commas between
          <input type="text" value={tags} onInput={({ currentTarget }) => setTags(currentTarget.value)} />
        </label>
        <p>
          <button type="submit" class="primary" disabled={!isChanged}>
            Keep
          </button>{" "}
          <span role="status" class="quiet">
            {isChanged ? "" : said}
          </span>
        </p>
      </form>
    </details>
  );
}

// A tag is a word: filters ask for it by name.
function listOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim().replace(/\s+/g, "-").slice(0, noteLimits.tag));
  return [...new Set(tags.filter((tag) => tag !== ""))].slice(0, noteLimits.tags);
}
