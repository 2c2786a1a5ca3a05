// Some text of the network's own.
import { sample } from "../store.js";

export function Sample() {
  if (sample.value === undefined) return null;
  return (
    <section aria-label="Text of the network's own">
      <h2>What it writes</h2>
      <pre class="sample">{sample}</pre>
    </section>
  );
}
