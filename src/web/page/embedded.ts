// What scripts/build-pages.mjs puts into a page beside its look: the text of its script, of which its Workers are made, and
// files that would otherwise be fetched.
import type { WasmName } from "../../engine/wasm-modules.js";

function textOf(id: string): string {
  const text = document.getElementById(id)?.textContent;
  if (!text) throw new Error(`the page has lost its part "${id}"`);
  return text;
}

/** A Worker that runs the page's own script. */
export function ownWorker(): Worker {
  const address = URL.createObjectURL(new Blob([textOf("program")], { type: "text/javascript" }));
  try {
    return new Worker(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The bytes of a file that the page has. */
export async function embedded(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = Uint8Array.from(atob(textOf(id)), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

/** The bytes of a module, for `loadWasm`. */
export async function embeddedModule(name: WasmName): Promise<ArrayBuffer> {
  return (await embedded(`wasm-${name}`)).buffer;
}
