// Play, pause, step and reset, and how far the training is.
import { decimal } from "../../../report/words.js";
import { description, mode, module, play, reset, step, view } from "../store.js";

const modules = { relaxed: "fused multiply-add", simd128: "no fused multiply-add" } as const;

export function Transport() {
  const isPlaying = mode.value === "playing";
  const isReady = view.value !== undefined;
  const isDone = mode.value === "done";
  return (
    <div class="transport" role="toolbar" aria-label="Training">
      <button type="button" class="primary" onClick={play} disabled={!isReady || isDone}>
        {isPlaying ? "Pause" : "Play"}
      </button>
      <button type="button" onClick={step} disabled={!isReady || isDone}>
        Step
      </button>
      <button type="button" onClick={reset} disabled={!isReady}>
        Reset
      </button>
      <Progress />
    </div>
  );
}

function Progress() {
  const { value } = view;
  const { epoch = 1, parameters = 0 } = description.value ?? {};
  if (!value) return <p class="progress quiet">loading</p>;
  const { step: at, speed, mode } = value;
  return (
    <p class="progress">
      <span>
        update <strong>{decimal(at)}</strong>
      </span>
      <span>
        epoch <strong>{decimal(Math.floor(at / epoch))}</strong>
      </span>
      <span class="quiet">{decimal(parameters)} parameters</span>
      {mode === "playing" && <span class="quiet">{decimal(speed)} updates a second</span>}
      {mode === "done" && <span class="quiet">done</span>}
      {module.value && <span class="quiet wide">{modules[module.value]}</span>}
    </p>
  );
}
