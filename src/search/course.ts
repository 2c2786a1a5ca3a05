// How the gates of a search went, as a file: one digit pair a gate and moment is enough for a picture.
import type { Course } from "./searching.js";

/** JSON: moments, and of each the gates in hundredths. */
export function encodeCourse({ moments, gates }: Course): Uint8Array {
  const hundredths = gates.map((own) => Array.from(own, (gate) => Math.round(100 * gate)));
  return new TextEncoder().encode(JSON.stringify({ moments, gates: hundredths }));
}

/** The reverse. */
export function decodeCourse(bytes: Uint8Array): Course {
  const { moments, gates }: { moments: number[]; gates: number[][] } = JSON.parse(
    new TextDecoder().decode(bytes),
  );
  return { moments, gates: gates.map((own) => Float32Array.from(own, (gate) => gate / 100)) };
}
