// The experiment as a form. A change begins it anew; a value that is none is not taken.
import { useState } from "preact/hooks";
import { cellKinds } from "../../../network/architecture.js";
import { cellNames } from "../../../report/theme.js";
import { decimal } from "../../../report/words.js";
import { schedules } from "../../../train/schedule.js";
import { isSetting, learnChoices, methodChoices, patternChoices, type Settings } from "../experiment.js";
import { description, experiment, forget, open, set } from "../store.js";
import { grammarTasks, SAMPLE_TEXT } from "../tasks.js";
import { isGraph, wiringChoices } from "../wiring.js";

const otherTitles = {
  digits: "Digits, row by row",
  text: "A text of your own",
  file: "A file of your own",
} as const;

const learnTitles = {
  auto: "what its labels say",
  classify: "a class of each sequence",
  label: "a class at each step",
  forecast: "the numbers to come",
} as const;

const wiringTitles = {
  stack: "layer by layer",
  "watts-strogatz": "a random graph: Watts–Strogatz",
  "barabasi-albert": "a random graph: Barabási–Albert",
  "erdos-renyi": "a random graph: Erdős–Rényi",
} as const;

export function SettingsForm() {
  const { value } = experiment;
  const isSparse = value.method !== "dense";
  return (
    <form class="settings" aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
      <label class="wide">
        Task
        <select
          value={value.task}
          onChange={({ currentTarget }) =>
            set({
              ...defaultsFor(currentTarget.value),
              task: currentTarget.value,
              ...(currentTarget.value === "text" && { file: undefined }),
            })
          }
        >
          <optgroup label="Is a string in the language?">
            {grammarTasks.map(({ grammar, title }) => (
              <option key={grammar} value={grammar}>
                {title}
              </option>
            ))}
          </optgroup>
          <optgroup label="Others">
            {Object.entries(otherTitles).map(([task, title]) => (
              <option key={task} value={task} disabled={task === "file" && value.file === undefined}>
                {title}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      <About />
      {value.task === "text" && <TextField />}
      {value.task === "file" && (
        <Choice
          name="learn"
          label="To learn"
          options={learnChoices.map((learn) => [learn, learnTitles[learn]])}
        />
      )}
      {value.from === undefined ? (
        <>
          <Choice name="cell" label="Cell" options={cellKinds.map((cell) => [cell, cellNames[cell]])} />
          {value.task !== "text" && (
            <Choice
              name="wiring"
              label="Wiring"
              options={wiringChoices.map((wiring) => [wiring, wiringTitles[wiring]])}
            />
          )}
          <div class="pair">
            {isGraph(value) ? (
              <>
                <Field name="units" label="Units" />
                <Field name="edges" label="Edges" />
              </>
            ) : (
              <>
                <Field name="hidden" label="Units" />
                <Field name="layers" label="Layers" />
              </>
            )}
          </div>
        </>
      ) : (
        <p class="wide begun">
          From <strong>{value.from}</strong>
          <button type="button" onClick={forget}>
            New one
          </button>
        </p>
      )}
      <Choice
        name="method"
        label="Sparsity"
        options={methodChoices.map((method) => [method, method === "dense" ? "none: all weights" : method])}
      />
      {isSparse && (
        <div class="pair">
          <Field name="density" label="Density" />
          <Choice
            name="pattern"
            label="Pattern"
            options={patternChoices.map((pattern) => [pattern, pattern === "weight" ? "weights" : pattern])}
          />
        </div>
      )}
      <div class="pair">
        <Field name="rate" label="Learning rate" />
        <Choice name="schedule" label="Schedule" options={schedules.map((name) => [name, name])} />
      </div>
      <div class="triple">
        <Field name="epochs" label="Epochs" />
        <Field name="batch" label="Batch" />
        <Field name="seed" label="Seed" />
      </div>
      <label class="opener">
        <span class="button">Open a file …</span>
        <input
          type="file"
          class="unseen"
          aria-label="Open a network, a text or data"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file) void open(file);
            currentTarget.value = "";
          }}
        />
        <span class="quiet">a network (.safetensors), a text, or data (.csv, .npz); or drop it anywhere</span>
      </label>
    </form>
  );
}

/** What a task begins with where the one before had something else. */
function defaultsFor(task: string): Partial<Settings> {
  if (task === "text") return { cell: "lstm", hidden: 48, layers: 1, batch: 8, epochs: 60, rate: 0.01 };
  if (task === "digits") return { cell: "gru", hidden: 32, layers: 1, batch: 32, epochs: 20, rate: 0.005 };
  if (task.startsWith("tomita"))
    return { cell: "gru", hidden: 12, layers: 1, batch: 32, epochs: 60, rate: 0.01 };
  return { cell: "gru", hidden: 24, layers: 2, batch: 32, epochs: 20, rate: 0.003 };
}

function About() {
  const { value } = description;
  if (!value) return null;
  const [trained, tested] = [value.trained, value.tested].map((number) => decimal(number));
  const ofStrings = value.channels > 0 ? "sequences" : "strings";
  const what = { next: "symbols", forecast: "steps", label: ofStrings, classify: ofStrings }[value.task];
  return (
    <p class="wide quiet">
      {trained} {what} to learn from, {tested} to test with
    </p>
  );
}

type NumberName = "hidden" | "layers" | "units" | "edges" | "density" | "rate" | "epochs" | "batch" | "seed";

function Field({ name, label }: { name: NumberName; label: string }) {
  const value = experiment.value[name];
  const [wrong, setWrong] = useState(false);
  return (
    <label>
      {label}
      <input
        type="text"
        inputMode="decimal"
        value={value}
        aria-invalid={wrong}
        onInput={({ currentTarget }) => setWrong(!isSetting(name, currentTarget.value))}
        onChange={({ currentTarget }) => {
          if (isSetting(name, currentTarget.value)) set({ [name]: Number(currentTarget.value) });
          else currentTarget.value = String(value);
          setWrong(false);
        }}
      />
    </label>
  );
}

const wide: readonly ChoiceName[] = ["learn", "cell", "wiring", "method"];

type ChoiceName = "learn" | "cell" | "wiring" | "method" | "pattern" | "schedule";

function Choice(props: {
  name: ChoiceName;
  label: string;
  options: readonly (readonly [value: string, title: string])[];
}) {
  const { name, label, options } = props;
  return (
    <label class={wide.includes(name) ? "wide" : undefined}>
      {label}
      <select
        value={experiment.value[name]}
        onChange={({ currentTarget }) => set({ [name]: currentTarget.value })}
      >
        {options.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

function TextField() {
  return (
    <label class="wide">
      Text
      <textarea
        rows={5}
        spellcheck={false}
        value={experiment.value.text ?? SAMPLE_TEXT}
        onChange={({ currentTarget }) => set({ text: currentTarget.value })}
      />
    </label>
  );
}
