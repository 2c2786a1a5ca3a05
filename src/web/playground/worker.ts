// What the playground's Worker does: it holds the executor, so that the page stays free while a network is trained.
import { loadWasm, type WasmName, type WasmSource } from "../../engine/wasm-modules.js";

/** What the page says first. */
export interface Begin {
  readonly modules: Readonly<Record<WasmName, ArrayBuffer>>;
}

/** What the Worker answers: the module that runs, or why none does. */
export type Begun = { readonly module: WasmName } | { readonly error: string };

export function serve(): void {
  addEventListener("message", async ({ data: { modules } }: MessageEvent<Begin>) => {
    const answer: Begun = await loadWasm(modules as Record<WasmName, WasmSource>).then(
      (module) => ({ module }),
      (error) => ({ error: String(error) }),
    );
    postMessage(answer);
  });
}
