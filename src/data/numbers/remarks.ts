// What is odd about sequences of numbers although they can be read, said before anything is trained on them.
import { remarksOnUnseen } from "../remarks.js";
import type { Sequences } from "../sequences.js";
import type { ChannelStatistics } from "./statistics.js";

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
      `${constant.length} of ${width} channels of the ${what} sequences ${constant.length === 1 ? "is constant and says" : "are constant and say"} nothing: ${listed.join(", ")}${more}`,
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

/** Numbers that stand for a gap in many files. */
const GAPS = new Set([9999, 999, 99999, 9_999_999, 32767, 1e20].flatMap((value) => [value, -value]));
/** Deviations from the mean beyond which such a number is no measurement. */
const FAR = 3;

/** A remark where the least or the largest value of a channel is a number that stands for a gap in many files. */
export function remarksOnGaps(channels: readonly ChannelStatistics[]): string[] {
  return channels
    .flatMap(({ name, least, most, mean, deviation }) => {
      const value = [least, most].find((end) => GAPS.has(end) && Math.abs(end - mean) > FAR * deviation);
      return value === undefined
        ? []
        : [`channel ${JSON.stringify(name)} has the value ${value}: is it a gap?`];
    })
    .slice(0, MOST_CHANNELS);
}

/** Remarks on test data beside training data: classes that training never shows, and other names of channels. */
export function remarksOnComparison(train: Sequences, test: Sequences): string[] {
  const remarks: string[] = [];
  const other = train.channels.findIndex((name, channel) => name !== test.channels[channel]);
  if (other >= 0) {
    const [own, theirs] = [train, test].map(({ channels }) => JSON.stringify(channels[other]));
    remarks.push(
      `channel ${other + 1} is ${own} in the training data and ${theirs} in the test data; channels are taken by their order`,
    );
  }
  const [known, asked] = [train.target, test.target].map(classesAt);
  if (!known || !asked) return remarks;
  const places = known.classes.map((name) => asked.classes.indexOf(name));
  const labels = known.of.flatMap((list) => Array.from(list, (label) => places[label] ?? -1));
  const what = test.target?.kind === "class" ? "test sequences" : "steps of the test data";
  remarks.push(
    ...remarksOnUnseen(
      labels,
      asked.of.flatMap((list) => [...list]),
      asked.classes,
      what,
    ),
  );
  return remarks;
}

function classesAt(target: Sequences["target"]) {
  if (target?.kind === "class") return { classes: target.labels.classes, of: [target.labels.of] };
  return target?.kind === "step-classes" ? { classes: target.classes, of: target.of } : undefined;
}
