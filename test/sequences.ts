// Small data of every kind, as people have them in files, that a tiny network learns in a second.
import { Random } from "../src/math/random.js";

/** Strings of three classes with names, told by the letter that they begin with. */
export function wordStrings(count: number, seed = 1): string {
  const random = new Random(seed);
  const rows = Array.from({ length: count }, (_, row) => {
    const kind = row % 3;
    const rest = Array.from({ length: 2 + random.below(5) }, () => "xyz"[random.below(3)]).join("");
    return `${"abc"[kind]}${rest},${["apple", "berry", "cherry"][kind]}`;
  });
  return `word,fruit\n${rows.join("\n")}\n`;
}

/** A wide table: noisy lines of 10 steps that rise, fall or stay. */
export function slopes(count: number, seed = 1): string {
  const random = new Random(seed);
  const rows = Array.from({ length: count }, (_, row) => {
    const kind = row % 3;
    const values = Array.from({ length: 10 }, (_, t) =>
      ([1, -1, 0][kind] * t + 0.5 * random.normal()).toFixed(3),
    );
    return [["rise", "fall", "stay"][kind], ...values].join(",");
  });
  const steps = Array.from({ length: 10 }, (_, t) => `t${t + 1}`);
  return `${["class", ...steps].join(",")}\n${rows.join("\n")}\n`;
}

/** A long table of two channels: a label at every step says whether the first has been higher in sum than the second. */
export function leads(count: number, seed = 1): string {
  const random = new Random(seed);
  const lines = ["sequence,time,left,right,label"];
  for (let row = 0; row < count; row++) {
    let lead = 0;
    for (let t = 0; t < 12; t++) {
      const [left, right] = [random.normal(), random.normal()];
      lead += left - right;
      lines.push([row + 1, t, left.toFixed(3), right.toFixed(3), lead > 0 ? "left" : "right"].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** One series of two channels in units far from 1: waves with noise. */
export function waves(steps: number, seed = 1): string {
  const random = new Random(seed);
  const lines = Array.from({ length: steps }, (_, t) =>
    [
      t,
      (20 + 5 * Math.sin(t / 3) + 0.3 * random.normal()).toFixed(3),
      (1000 + 100 * Math.cos(t / 3) + 5 * random.normal()).toFixed(2),
    ].join(","),
  );
  return `time,temperature,pressure\n${lines.join("\n")}\n`;
}
