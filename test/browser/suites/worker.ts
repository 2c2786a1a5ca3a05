// Runs suites of the engine in a Worker: with the modules of WebAssembly that it is sent, and no other executor but the
// reference.
import type { File, Task, VitestRunner } from "@vitest/runner";
import { startTests } from "@vitest/runner";
import { loadWasm, type WasmName } from "../../../src/engine/wasm-modules.js";

const suites: Readonly<Record<string, () => Promise<unknown>>> = {
  conformance: () => import("../../engine/conformance.test.js"),
  carry: () => import("../../engine/carry.test.js"),
  optimisers: () => import("../../engine/optimisers.test.js"),
  overflow: () => import("../../engine/overflow.test.js"),
  masks: () => import("../../engine/masks.test.js"),
  steps: () => import("../../engine/steps.test.js"),
  stream: () => import("../../engine/stream.test.js"),
  damage: () => import("../../engine/damage.test.js"),
};

export interface Ran {
  /** The modules that ran. */
  readonly sets: readonly string[];
  readonly passed: Readonly<Record<string, number>>;
  readonly failed: readonly string[];
}

addEventListener(
  "message",
  async ({ data }: MessageEvent<{ modules: Partial<Record<WasmName, ArrayBuffer>>; names: string[] }>) => {
    try {
      await loadWasm(data.modules);
      const files = await startTests(data.names, runner);
      const passed = Object.fromEntries(files.map((file) => [file.name, countOf(file)]));
      const { instructionSets: sets } = await import("../../engine/setups.js");
      const ran: Ran = { sets, passed, failed: files.flatMap(failuresOf) };
      postMessage({ ran });
    } catch (error) {
      postMessage({ error: String((error as Error).stack ?? error) });
    }
  },
);

const runner: VitestRunner = {
  config: {
    root: "",
    setupFiles: [],
    name: undefined,
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { seed: 0, hooks: "stack", setupFiles: "list" },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
  },
  importFile: (name) => suites[name](),
};

function countOf(task: Task | File): number {
  return task.type === "suite"
    ? task.tasks.reduce((sum, one) => sum + countOf(one), 0)
    : Number(task.result?.state === "pass");
}

function failuresOf(task: Task | File): string[] {
  const own = (task.result?.errors ?? []).map(({ message }) => `${task.name}: ${message}`);
  return [...own, ...(task.type === "suite" ? task.tasks.flatMap(failuresOf) : [])];
}
