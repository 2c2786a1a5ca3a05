// What became of masks from one moment to another.

/** How many weights there are that there were not before, and the reverse. */
export function changes(before: Uint8Array, after: Uint8Array): { born: number; dropped: number } {
  let born = 0;
  let dropped = 0;
  for (let i = 0; i < after.length; i++) {
    if (after[i] > before[i]) born++;
    else if (after[i] < before[i]) dropped++;
  }
  return { born, dropped };
}
