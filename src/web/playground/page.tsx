// What the playground shows.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { embeddedModule, ownWorker } from "../page/embedded.js";
import type { Begun } from "./worker.js";

const modules = {
  relaxed: "WebAssembly with fused multiply-add",
  simd128: "WebAssembly without fused multiply-add",
} as const;

export function Page() {
  const begun = useSignal<Begun | undefined>(undefined);
  useEffect(() => {
    const worker = ownWorker();
    worker.onmessage = ({ data }: MessageEvent<Begun>) => {
      begun.value = data;
    };
    Promise.all([embeddedModule("relaxed"), embeddedModule("simd128")]).then(([relaxed, simd128]) =>
      worker.postMessage({ modules: { relaxed, simd128 } }),
    );
    return () => worker.terminate();
  }, [begun]);
  const { value } = begun;
  return (
    <main>
      <h1>Filigree playground</h1>
      <p role="status">
        {value === undefined ? "loading" : "module" in value ? modules[value.module] : value.error}
      </p>
    </main>
  );
}
