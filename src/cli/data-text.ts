// `filigree data text`: what a text holds, and what a language model trained on it must beat.
import { Command } from "commander";
import { type Cut, cuts, showSymbol } from "../data/symbols.js";
import { createTextData } from "../data/text.js";
import { describeText, type TextStatistics } from "../data/text-stats.js";
import { readTextBytes } from "../files.js";
import { between, choice, Output, percent, table, withJson } from "./command.js";

interface Options {
  symbols: Cut;
  split: number;
  json?: boolean;
}

export function dataTextCommand(): Command {
  const command = new Command("text")
    .description("length, symbols and entropy of a text, and how well n-grams predict the end of it")
    .argument("<files...>", "texts; nothing is predicted from one into the next")
    .addOption(choice("--symbols <kind>", "what a text is cut into", cuts, "characters"))
    .option(
      "--split <share>",
      "share of each text, from its beginning, that is learnt from; the rest is held out",
      between(0, 1),
      0.9,
    );
  return withJson(command).action((files: readonly string[], options: Options) => {
    const { symbols: cut, split } = options;
    const texts = files.map((name) => ({ name, text: readTextBytes(name) }));
    const statistics = describeText(texts, createTextData(texts, { cut, split }));
    const baselines = statistics.baselines.map(({ context, sequences, nats }) => ({
      context,
      sequences,
      nats,
      bits: bitsOf(nats),
      perplexity: Math.exp(nats),
    }));
    const best = baselines[statistics.best.context];
    new Output(options).result(
      { files, symbols: cut, split, ...statistics, baselines, best },
      describe(files.length, cut, statistics),
    );
  });
}

/** How many of the most frequent symbols are shown. */
const SHOWN = 20;
const BAR = 50;

function describe(files: number, cut: Cut, statistics: TextStatistics): string {
  const { bytes, lines, length, vocabulary, frequencies, entropy, train, validation, unknown } = statistics;
  const one = cut.slice(0, -1);
  const shown = frequencies.slice(0, SHOWN);
  const width = Math.max(...shown.map(({ symbol }) => showSymbol(symbol).length));
  const bars = shown.map(({ symbol, count }) => {
    const bar = "█".repeat(Math.round((BAR * count) / shown[0].count));
    return `${showSymbol(symbol).padStart(width)} ${bar} ${count}, ${percent(count / length, 1)}`;
  });
  const rare =
    cut === "words"
      ? `\nrare and unknown words share one symbol: ${percent(unknown.train / train, 1)} of those that train, ${percent(unknown.validation / validation, 1)} of those held out`
      : "";
  const split =
    files === 1
      ? `the first ${train} train, the other ${validation} are held out`
      : `of each the beginning trains, ${train} in all; the rest is held out, ${validation} in all`;
  return [
    `${counted(files, "text")}, ${counted(bytes, "byte")}, ${counted(lines, "line")}\n${length} ${cut}, ${frequencies.length} different, a vocabulary of ${vocabulary}\n${split}${rare}`,
    `Most frequent ${cut}\n${bars.join("\n")}`,
    `Entropy of a single ${one}: ${entropy.toFixed(3)} nats, ${bitsOf(entropy).toFixed(3)} bits`,
    `Held-out part, predicted by n-grams (interpolated Witten-Bell)\n\n${table(
      [`${cut} before`, "sequences known", "nats", "bits", "perplexity"],
      statistics.baselines.map(({ context, sequences, nats }) => [
        context,
        sequences,
        nats.toFixed(3),
        bitsOf(nats).toFixed(3),
        Math.exp(nats).toFixed(2),
      ]),
    )}`,
    `A network must beat ${statistics.best.nats.toFixed(3)} nats a ${one}.`,
  ].join("\n\n");
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function bitsOf(nats: number): number {
  return nats / Math.LN2;
}
