// Whether a table holds labelled strings or numbers, for verbs that take either. Names that say so are taken by their word;
// else a column whose cells are words, most of them different, is one of strings.
import { columnNames, columnsNamed, keyOf } from "./columns.js";
import { namedTable } from "./numbers/named-table.js";
import { isMissing, isNumeric } from "./numbers/rows.js";
import { isTime } from "./numbers/times.js";

/** Rows that are looked at. */
const MOST_ROWS = 1000;
/** So many columns of numbers are the values of sequences, whatever words stand beside. */
const NUMBERS = 2;

/** Whether the text of a table holds labelled strings; a text that is no table of numbers is taken for one of strings. */
export function holdsStrings(text: string, where: string): boolean {
  try {
    const { names, hasHeader, index, rows } = namedTable(text, where);
    const sure = columnsNamed(names, columnNames.string).filter(
      (column) => !columnNames.sequence.has(keyOf(names[column])),
    );
    if (hasHeader && sure.length > 0) return true;
    const some: (readonly string[])[] = [];
    for (const { cells } of rows) if (some.push(cells) === MOST_ROWS) break;
    const roles = hasHeader
      ? [columnNames.label, columnNames.time].flatMap((known) => columnsNamed(names, known))
      : [];
    const rest = [...names.keys()].filter((column) => !index.has(column) && !roles.includes(column));
    const isWord = (cell: string) => !isNumeric(cell) && !isMissing(cell) && !isTime(cell);
    const cellsOf = (column: number) => some.map((cells) => cells[column] ?? "");
    const words = rest.filter((column) => cellsOf(column).some(isWord));
    const different = words.filter((column) => 2 * new Set(cellsOf(column)).size > some.length);
    return different.length > 0 && rest.length - words.length < NUMBERS;
  } catch {
    return true;
  }
}
