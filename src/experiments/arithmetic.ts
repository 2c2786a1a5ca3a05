// What makes the bits of a trained network. The native executor makes the same on AVX2, AVX-512 and NEON, and so does
// WebAssembly where its multiply-add fuses; processors and modules without one make others, and the reference executor
// makes its own.
import { describeExecutor } from "../engine/engine.js";

/** `native`, `baseline` or `reference`: that of the executor which trials run on. */
export function arithmetic(): string {
  const { name, detail } = describeExecutor();
  if (name === "reference") return name;
  return detail === "baseline" || detail === "simd128" ? "baseline" : "native";
}
