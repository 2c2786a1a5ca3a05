// Columns by the names that people give them. Files of strings and tables of numbers both find theirs here, so that a name
// means the same in either and a column that is asked for and not there is answered in one way.
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";

/** Columns that a message lists. */
const MOST_LISTED = 12;

/** Names that say what the columns under them are, as `keyOf` has them. */
export const columnNames = {
  /** A class of each row. */
  label: new Set(
    "label labels class classes classlabel classname target y valid category species sentiment".split(" "),
  ),
  /** Strings. */
  string: new Set(
    "string strings text texts sequence sequences seq word words sentence sentences document review message".split(
      " ",
    ),
  ),
  /** Which sequence a row is a step of. */
  sequence: new Set(
    "sequence sequenceid sequenceno seq seqid series seriesid case caseid id uniqueid instance instanceid recording recordingid run runid session sessionid episode episodeid subject subjectid patient patientid trip tripid trial trialid tsid itemid".split(
      " ",
    ),
  ),
  /** When a row was. */
  time: new Set(
    "time times t timestamp timestamps date dates datetime ds step steps timestep index timeindex readingid month day hour year".split(
      " ",
    ),
  ),
  /** What is to be learnt at each step. */
  target: new Set("label labels class classes target targets".split(" ")),
} as const satisfies Record<string, ReadonlySet<string>>;

/** A column's name without what people vary: capitals, blanks, underscores, points and hyphens. */
export function keyOf(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]+/g, "");
}

/** The columns whose names are among these. */
export function columnsNamed(names: readonly string[], known: ReadonlySet<string>): number[] {
  return [...names.keys()].filter((column) => known.has(keyOf(names[column])));
}

/**
 * The column of that name, spelt exactly so or else as `keyOf` has it.
 * @param option what it was asked for with. @throws InputError when there is none or are several.
 */
export function columnOf(names: readonly string[], wanted: string, where: string, option: string): number {
  const exact = names.indexOf(wanted);
  if (exact >= 0) return exact;
  const alike = [...names.keys()].filter((column) => keyOf(names[column]) === keyOf(wanted));
  if (alike.length === 1) return alike[0];
  const what = `${option}: there is no column ${JSON.stringify(wanted.slice(0, 40))}`;
  if (alike.length > 1) throw new InputError({ where, what, hint: `spell it as in ${listed(names, alike)}` });
  throw new InputError({ where, what, hint: suggest(wanted, names) });
}

/** Columns as a message lists them. */
export function listed(names: readonly string[], columns: readonly number[] = [...names.keys()]): string {
  const some = columns.slice(0, MOST_LISTED).map((column) => JSON.stringify(names[column].slice(0, 40)));
  return some.join(", ") + (columns.length > MOST_LISTED ? ` and ${columns.length - MOST_LISTED} more` : "");
}
