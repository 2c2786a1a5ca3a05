// What is kept of a training on texts beside the network, for whoever looks at it later without the texts: what n-grams
// reach on them, and some text that the network wrote.
import { z } from "zod";
import type { NgramBaseline } from "../data/ngrams.js";
import { decodeSymbols } from "../data/symbols.js";
import type { TextData } from "../data/text.js";
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import { writeText } from "./sample.js";

const schema = z.object({
  baselines: z.array(z.object({ context: z.int().min(0), nats: z.number() })),
  samples: z.array(z.object({ temperature: z.number(), text: z.string() })),
});

export type TextNotes = Readonly<z.output<typeof schema>>;

/** The name of the notes among a trial's artifacts. */
export const TEXT_NOTES = "text.json";

const TEMPERATURES = [0.5, 0.8, 1];
/** Symbols of a sample. */
const LENGTH = { characters: 400, bytes: 400, words: 100 } as const;
const LINE_FEED = 10;

/** Has a network write a sample at each of a few temperatures, from the beginning of a line on where its vocabulary knows lines. */
export function noteText(
  network: Network,
  data: Pick<TextData, "vocabulary" | "cut" | "train">,
  baselines: readonly NgramBaseline[],
  random: Random,
): TextNotes {
  const { vocabulary, cut, train } = data;
  const line = cut === "bytes" ? LINE_FEED : vocabulary.indexOf("\n");
  const prompt = [line < 0 ? train.texts[0][0] : line];
  const samples = TEMPERATURES.map((temperature) => {
    const written = writeText(network, { prompt, temperature }, random.stream(`temperature ${temperature}`));
    const symbols = Array.from({ length: LENGTH[cut] }, () => written.next().value);
    return { temperature, text: decodeSymbols(vocabulary, symbols) };
  });
  return { baselines: baselines.map(({ context, nats }) => ({ context, nats })), samples };
}

export function encodeNotes(notes: TextNotes): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(notes, null, 1)}\n`);
}

/** The notes in some bytes; undefined when they hold none. */
export function decodeNotes(bytes: Uint8Array): TextNotes | undefined {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
