// What makes the bits of a trained network. The native executor makes the same on AVX2, AVX-512 and NEON; its baseline, for
// processors without fused multiply-add, and the reference executor each make others.
import { describeExecutor } from "../engine/engine.js";

/** `native`, `baseline` or `reference`: that of the executor which trials run on. */
export function arithmetic(): string {
  const { name, detail } = describeExecutor();
  return name === "native" && detail === "baseline" ? detail : name;
}
