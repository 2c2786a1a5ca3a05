// Whether the rows of each sequence are in the order of their times. Times are numbers, dates or clocks in the forms that
// programs and spreadsheets write, and a form that could be two (3/4/2024) is the one by which the whole column ascends.

type Form = "number" | "year first" | "day first" | "month first" | "clock";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?\s*([ap]m)?`;
const ZONE = String.raw`\s*(z|utc|[+-]\d{2}(?::?\d{2})?)?`;
const patterns: Readonly<Record<Exclude<Form, "number" | "month first">, RegExp>> = {
  "year first": new RegExp(
    `^(\\d{4})[-/.](\\d{1,2})(?:[-/.](\\d{1,2}))?(?:[t\\s]\\s*${CLOCK}${ZONE})?$`,
    "i",
  ),
  "day first": new RegExp(
    `^(\\d{1,2})[-/.](\\d{1,2})[-/.](\\d{4}|\\d{2})(?:[,\\s]\\s*${CLOCK}${ZONE})?$`,
    "i",
  ),
  clock: new RegExp(`^${CLOCK}$`, "i"),
};

/** Whether a cell is a date or a clock, and no number: 1013.25 is a pressure sooner than a month. */
export function isTime(cell: string): boolean {
  return !NUMBER.test(cell) && Object.values(patterns).some((pattern) => pattern.test(cell));
}

/** What is found of a column of times. */
export interface Order {
  /** The place, as given to `add`, of the first row that is earlier than the one before it in its sequence. */
  readonly disorder?: number;
  /** Rows with the time of the one before in their sequence. */
  readonly repeated: number;
  /** Whether the column is in no form that is known, so that nothing can be said of its order. */
  readonly unknown: boolean;
}

/** Takes in times row by row. */
export class TimeOrder {
  readonly #forms = (["number", "year first", "day first", "month first", "clock"] as const).map((form) => ({
    form,
    last: [] as number[],
    fits: true,
    repeated: 0,
    disorder: undefined as number | undefined,
  }));

  /** @param sequence number of the row's sequence. @param place what names the row in what is found. */
  add(sequence: number, cell: string, place: number): void {
    for (const state of this.#forms) {
      if (!state.fits) continue;
      const time = parseTime(cell, state.form);
      if (time === undefined) {
        state.fits = false;
        continue;
      }
      const before = state.last[sequence];
      if (before !== undefined && time < before) state.disorder ??= place;
      if (time === before) state.repeated++;
      state.last[sequence] = time;
    }
  }

  found(): Order {
    const fitting = this.#forms.filter(({ fits }) => fits);
    const best = fitting.find(({ disorder }) => disorder === undefined) ?? fitting[0];
    return { disorder: best?.disorder, repeated: best?.repeated ?? 0, unknown: best === undefined };
  }
}

/** Seconds, or the number itself. */
function parseTime(cell: string, form: Form): number | undefined {
  if (form === "number") return NUMBER.test(cell) ? Number(cell) : undefined;
  const parts = patterns[form === "month first" ? "day first" : form].exec(cell);
  if (!parts) return undefined;
  if (form === "clock") return clock(parts.slice(1, 5));
  const [one, two, three] = parts.slice(1, 4);
  const [year, month, day = "1"] =
    form === "year first" ? [one, two, three] : form === "day first" ? [three, two, one] : [three, one, two];
  if (!(+month >= 1 && +month <= 12 && +day >= 1 && +day <= 31)) return undefined;
  // Two digits are of 1970 to 2069.
  const whole = year.length > 2 ? +year : +year + (+year < 70 ? 2000 : 1900);
  const days = Date.UTC(whole, +month - 1, +day) / 1000;
  return days + (clock(parts.slice(4, 8)) ?? 0) - zone(parts[8]);
}

function clock([hours, minutes, seconds = "0", half]: readonly (string | undefined)[]): number | undefined {
  if (hours === undefined || minutes === undefined) return undefined;
  const hour = half === undefined ? +hours : (+hours % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  return 3600 * hour + 60 * +minutes + Number(seconds.replace(",", "."));
}

function zone(text: string | undefined): number {
  const parts = /^([+-])(\d{2}):?(\d{2})?$/.exec(text ?? "");
  if (!parts) return 0;
  return (parts[1] === "-" ? -1 : 1) * (3600 * +parts[2] + 60 * +(parts[3] ?? 0));
}
