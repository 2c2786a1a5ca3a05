// Numbers and lists as a reader meets them in a sentence, a table or a label. Numbers keep their unit on their line by
// a no-break space; a minus is a minus sign.

const SPACE = "\u00a0";

/** A number with a fixed count of decimals and thousands set apart: 12,500 or −0.42; "–" when there is none. */
export function decimal(value: number, decimals = 0): string {
  if (!Number.isFinite(value)) return "–";
  const text = Math.abs(value).toFixed(decimals);
  const [whole, fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const negative = value < 0 && Number(text) !== 0;
  return (negative ? "−" : "") + (fraction === undefined ? grouped : `${grouped}.${fraction}`);
}

/** A share in [0, 1] as a percentage: 0.937 is "93.7 %". What is not all is not rounded to it: 0.9997 is "99.97 %". */
export function percentage(share: number, decimals = 1): string {
  if (share < 1 && Number(share.toFixed(decimals + 2)) >= 1 && decimals < 3)
    return percentage(share, decimals + 1);
  return Number.isFinite(share) ? `${decimal(100 * share, decimals)}${SPACE}%` : "–";
}

/** A whole percent such as a pruning level: "80 %". */
export function level(percent: number): string {
  return `${Number(percent.toFixed(2))}${SPACE}%`;
}

/** A difference of two shares in percentage points, signed: "+1.3" or "−0.2"; "0.0" without a sign. */
export function points(difference: number, decimals = 1): string {
  const text = decimal(100 * difference, decimals);
  return text.startsWith("−") || !/[1-9]/.test(text) ? text : `+${text}`;
}

/** R² with two decimals; far below zero its size means nothing and is "< −1". Ends of intervals beyond 1 are 1. */
export function score(r2: number): string {
  return r2 < -1 ? "< −1" : decimal(Math.min(1, r2), 2);
}

/** "1 epoch", "3 epochs". */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${decimal(number)}${SPACE}${number === 1 ? singular : plural}`;
}

/** "A", "A and B", "A, B and C". */
export function list(items: readonly string[], conjunction = "and"): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${conjunction} ${items[items.length - 1]}`;
}

/** The first letter as a capital. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A text of at most so many characters, its end replaced by an ellipsis where it has more. */
export function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** Seconds as "48 s", "12 min 5 s" or "3 h 20 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${SPACE}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}${SPACE}min ${whole % 60}${SPACE}s`;
  return `${Math.floor(whole / 3600)}${SPACE}h ${Math.floor((whole % 3600) / 60)}${SPACE}min`;
}
