// What is odd about sequences of numbers although they can be read, said before anything is trained on them.
import type { Sequences } from "../sequences.js";

/** Channels that a remark lists. */
const MOST_CHANNELS = 8;

/** Remarks, one line each: channels that have one value everywhere, and one class only. */
export function remarksOnSequences({ channels, values, target }: Sequences, what = "training"): string[] {
  const remarks: string[] = [];
  const width = channels.length;
  const constant = channels.filter((_, channel) => {
    const first = values[0][channel];
    return values.every((own) => {
      for (let i = channel; i < own.length; i += width) if (own[i] !== first) return false;
      return true;
    });
  });
  if (constant.length > 0) {
    const listed = constant.slice(0, MOST_CHANNELS).map((name) => JSON.stringify(name));
    const more = constant.length > MOST_CHANNELS ? ", …" : "";
    remarks.push(
      `${constant.length} of ${width} channels of the ${what} sequences ${constant.length === 1 ? "is" : "are"} constant and say nothing: ${listed.join(", ")}${more}`,
    );
  }
  if (target?.kind === "class") {
    const [first, ...others] = target.labels.of;
    if (others.every((label) => label === first)) {
      remarks.push(
        `all ${values.length} ${what} sequences have the label ${JSON.stringify(target.labels.classes[first])}: there is nothing to tell apart`,
      );
    }
  }
  return remarks;
}
