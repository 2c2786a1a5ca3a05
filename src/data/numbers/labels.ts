// Labels as they stand in tables of numbers. Programs that hold a whole table as floating-point numbers write the class 1
// as 1.0 or 1.0000000e+00, which is the same class.
import { isNumber } from "./rows.js";

/** The name of the class that a cell holds. */
export function labelName(cell: string): string {
  if (!/[.e]/i.test(cell) || !isNumber(cell)) return cell;
  const value = Number(cell);
  return Number.isSafeInteger(value) ? String(value) : cell;
}
