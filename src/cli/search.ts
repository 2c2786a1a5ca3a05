// `filigree search`: comes to a sparse topology and writes it, as a graph that `structure train` takes or as an untrained network
// with masks that `train --from` takes. A checkpoint beside the output lets the same command go on.
import { existsSync, rmSync } from "node:fs";
import { extname } from "node:path";
import { encodeTexts } from "../data/text.js";
import type { ExecutorName } from "../engine/engine.js";
import { InputError } from "../errors.js";
import { prepareOutput, readBytes, writeWhole } from "../files.js";
import { writeGraph } from "../graph/files.js";
import { edgesOf } from "../graph/graph.js";
import { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import type { readouts, recurrences } from "../network/structure.js";
import { saveNetwork } from "../network/weights.js";
import {
  type Criterion,
  forecastSubject,
  HELD,
  type Subject,
  subjectOf,
  textSubject,
} from "../search/subject.js";
import {
  checkTopology,
  findTopology,
  type SpaceName,
  type Topology,
  type TopologySettings,
} from "../search/topology.js";
import { isCandidateSearch, type Way } from "../search/ways.js";
import { parsePattern } from "../sparsify/pattern.js";
import { canonicalJson, sha256 } from "../study/json.js";
import type { TrainingData } from "../train/classify.js";
import { defaults, STRUCTURE_BATCH } from "../train/defaults.js";
import { HORIZON } from "../train/forecast.js";
import { defaultProtocol, type Protocol } from "../train/protocol.js";
import { Claim } from "./claim.js";
import {
  type ColumnOptions,
  interruptible,
  Output,
  ProgressBar,
  required,
  type TextOptions,
} from "./command.js";
import { trainingData } from "./files.js";
import { readNumberData } from "./number-data.js";
import { hasNumbers, type NumberFileOptions } from "./numbers.js";
import { shapes } from "./search-command.js";
import { hashSymbols, hashTexts, NOT_OF_TEXTS, readTexts, remarkOnUnknown, textData } from "./texts.js";
import { refuse } from "./train.js";

export interface SearchVerbOptions extends ColumnOptions, NumberFileOptions, TextOptions {
  cell?: CellKind;
  budget: number;
  space: SpaceName;
  searcher: Way;
  units?: number;
  layers?: number;
  pattern?: string;
  candidates: number;
  recurrence?: (typeof recurrences)[number];
  readout?: (typeof readouts)[number];
  embedding?: number;
  data?: string;
  test?: string;
  testLabels?: string;
  validation?: string[];
  validationLabels?: string;
  epochs: number;
  batch?: number;
  learningRate: number;
  protocol?: Protocol;
  seed: number;
  executor?: ExecutorName;
  threads: number;
  out?: string;
  json?: boolean;
}

export async function runSearch(options: SearchVerbOptions): Promise<void> {
  const output = new Output(options);
  const settings = settingsOf(options);
  checkTopology(settings);
  checkValidation(options);
  output.remarkSlowness(options.executor);
  const { seed, protocol } = options;
  const { space } = settings;
  const out = options.out ?? (space === "edges" ? "found.json" : "found.safetensors");
  checkOut(out, space);
  const { subject, inputs, deciding } = learntOf(options, output);
  const identity = sha256(
    canonicalJson(JSON.parse(JSON.stringify({ settings, seed, protocol, ...deciding }))),
  );
  prepareOutput(out, ...inputs);
  const claim = new Claim(out);
  try {
    const file = `${out}.checkpoint`;
    const resume = existsSync(file) ? resumption(file, identity) : undefined;
    if (resume) output.remark(`going on from ${file}`);
    const save = (saved: Uint8Array) => {
      claim.check();
      writeWhole(file, Buffer.concat([Buffer.from(`${identity}\n`), saved]));
    };
    const bar = new ProgressBar("searching");
    const found = await interruptible(
      (signal) =>
        findTopology(subject, settings, {
          seed,
          executor: options.executor,
          threads: options.threads,
          signal,
          resume,
          onProgress: (share) => bar.update(share),
          onPause: save,
          onSave(number, metrics, saved) {
            save(saved);
            const line = describeMoment(settings, metrics);
            bar.label = `searching${line}`;
            if (!process.stderr.isTTY) output.remark(`${unitOf(settings)} ${number}${line}`);
          },
        }),
      () => existsSync(file),
    ).finally(() => bar.stop());
    claim.check();
    if (found.graph) writeGraph(out, found.graph);
    if (found.network) writeWhole(out, saveNetwork(found.network));
    rmSync(file, { force: true });
    output.result(resultOf(out, settings, found), describe(out, settings, found));
  } finally {
    claim.release();
  }
}

function settingsOf(options: SearchVerbOptions): TopologySettings {
  const { space, searcher, budget, epochs, learningRate, candidates, pattern } = options;
  const { units = shapes[space].units, layers = shapes[space].layers } = options;
  const { recurrence, readout, embedding } = options;
  const wiring = { recurrence, readout, embedding };
  const stray = Object.entries(wiring).find(([, value]) => value !== undefined);
  if (stray && space !== "edges") {
    throw new InputError({
      where: `--${stray[0]}`,
      what: "it goes with --space edges",
      hint: "leave it out",
    });
  }
  return {
    cell: required(options.cell, "--cell"),
    space,
    searcher,
    budget,
    units,
    layers,
    epochs,
    learningRate,
    candidates,
    ...(space === "edges" && { wiring }),
    ...(pattern !== undefined && { pattern: parsePattern(pattern) }),
  };
}

/** @throws InputError when what is held out is what will judge the result in the end. */
function checkValidation({ test, validation = [] }: SearchVerbOptions): void {
  if (test === undefined) return;
  const bytes = (path: string) => sha256(readBytes(path));
  const same = validation.find((path) => path === test || bytes(path) === bytes(test));
  if (same === undefined) return;
  throw new InputError({
    where: "--validation",
    what: `${same} is the test data, which would judge what they have chosen`,
    hint: "give other sequences, or leave it out to hold out a part of the training data",
  });
}

/** @throws InputError when a file's name says that something else is in it. */
function checkOut(out: string, space: SpaceName): void {
  const isNetwork = extname(out) === ".safetensors";
  if (isNetwork === (space !== "edges")) return;
  throw new InputError({
    where: out,
    what:
      space === "edges"
        ? "a search among edges finds a graph"
        : "a search among weights finds the masks of a network",
    hint: space === "edges" ? "use .json, .graphml or .edges" : "use .safetensors",
  });
}

/** What a search learns from, the files that it is in, and what of it tells one search from another. */
interface Learnt {
  readonly subject: Subject;
  readonly inputs: readonly (string | undefined)[];
  readonly deciding: object;
}

function learntOf(options: SearchVerbOptions, output: Output): Learnt {
  const { data: path, text } = options;
  if (text) return learntOfTexts(options, text, output);
  refuse(options, ["split", "symbols", "unknown"], "--text");
  if (path !== undefined && hasNumbers(path, options)) return learntOfNumbers(options, path, output);
  const ofNumbers = [
    "labels",
    "testLabels",
    "validationLabels",
    "task",
    "layout",
    "horizon",
    "window",
  ] as const;
  refuse(options, ofNumbers, "sequences of numbers, named with --data");
  const { test, validation = [] } = options;
  const data = trainingData(options, output);
  return labelled(options, data, { inputs: [path, test, ...validation], hash: data });
}

function learntOfNumbers(options: SearchVerbOptions, path: string, output: Output): Learnt {
  const random = new Random(options.seed).stream("split");
  const { numbers, inputs, hash } = readNumberData(path, options, output, random);
  if (numbers.task !== "forecast") {
    refuse(options, ["horizon", "window"], "--task forecast");
    return labelled(options, numbers.data, { inputs, hash });
  }
  refuseProtocol(options);
  const { batch = STRUCTURE_BATCH, window = defaults.forecast.window, horizon = HORIZON } = options;
  const subject = forecastSubject(numbers.data, { batch, window, horizon, held: HELD, where: path });
  return { subject, inputs, deciding: { batch, window, horizon, hash } };
}

function labelled(
  { seed, batch = STRUCTURE_BATCH, protocol }: SearchVerbOptions,
  data: TrainingData,
  { inputs, hash }: Pick<Learnt, "inputs"> & { readonly hash: unknown },
): Learnt {
  const random = new Random(seed).stream("held");
  const subject = subjectOf(data, { batch, protocol, held: HELD, random });
  return { subject, inputs, deciding: { batch, hash } };
}

function learntOfTexts(options: SearchVerbOptions, paths: readonly string[], output: Output): Learnt {
  refuse(options, NOT_OF_TEXTS, "no --text");
  refuseProtocol(options);
  const { test, validation, split, symbols, unknown, batch, window = defaults.next.window } = options;
  if (test !== undefined) refuse(options, ["split"], "no --test");
  const texts = readTexts(paths);
  const data = textData(
    texts,
    { validation: test === undefined ? undefined : [test], split, symbols, unknown },
    output,
  );
  if (test === undefined) output.remark("no --test: what --split leaves of each text is not looked at");
  const { vocabulary, train } = data;
  const held = validation && encodeTexts(vocabulary, readTexts(validation), unknown);
  if (held) remarkOnUnknown("validation", held, output);
  const subject = textSubject(
    {
      vocabulary,
      texts: train.texts,
      names: texts.map(({ name }) => name),
      ...(held && validation && { validation: { texts: held.texts, names: validation } }),
    },
    { batch, window, held: HELD },
  );
  const hash = { ...hashTexts(data), ...(held && { held: hashSymbols(held.texts) }) };
  return {
    subject,
    inputs: [...paths, test, ...(validation ?? [])],
    deciding: { batch, window, hash },
  };
}

/** @throws InputError when a protocol of strings is asked for. */
function refuseProtocol(options: SearchVerbOptions): void {
  if (options.protocol !== defaultProtocol) refuse(options, ["protocol"], "strings");
}

/** What there is to go on from. @throws InputError when it is of another search. */
function resumption(file: string, identity: string): Uint8Array {
  const bytes = readBytes(file);
  const end = bytes.indexOf(10);
  if (Buffer.from(bytes.subarray(0, end)).toString() === identity) return bytes.subarray(end + 1);
  throw new InputError({
    where: file,
    what: "is the checkpoint of another search",
    hint: "repeat that search's options and data, name another --out, or delete it",
  });
}

function unitOf({ searcher }: TopologySettings): string {
  return isCandidateSearch(searcher) ? "candidate" : "epoch";
}

/** The budget and the temperature now, and what else there is to say. */
function describeMoment({ budget }: TopologySettings, metrics: Readonly<Record<string, number>>): string {
  const { temperature, price, density, trainLoss } = metrics;
  const { heldAccuracy, bestHeldAccuracy, heldLoss, bestHeldLoss } = metrics;
  const expected = metrics["expected count"];
  const said = [
    ...(trainLoss === undefined ? [] : [`loss ${trainLoss.toFixed(4)}`]),
    ...(expected === undefined ? [] : [`${expected.toFixed(1)} of ${budget} open`]),
    ...(temperature === undefined ? [] : [`temperature ${temperature.toFixed(3)}`]),
    ...(price === undefined ? [] : [`price ${price.toFixed(2)}`]),
    ...(density === undefined ? [] : [`density ${density.toFixed(3)}`]),
    ...(heldAccuracy === undefined ? [] : [`held-out accuracy ${(100 * heldAccuracy).toFixed(2)} %`]),
    ...(bestHeldAccuracy === undefined ? [] : [`best ${(100 * bestHeldAccuracy).toFixed(2)} %`]),
    ...(heldLoss === undefined ? [] : [`held-out loss ${heldLoss.toPrecision(5)}`]),
    ...(bestHeldLoss === undefined ? [] : [`best ${bestHeldLoss.toPrecision(5)}`]),
  ];
  return said.length === 0 ? "" : `: ${said.join(", ")}`;
}

/** What candidates came to on held-out data, as a document calls the list. */
const lists = { heldAccuracy: "heldAccuracies", heldLoss: "heldLosses" } as const satisfies Record<
  Criterion,
  string
>;

function resultOf(out: string, settings: TopologySettings, { graph, size, candidates }: Topology): object {
  const { space, searcher, budget, cell, units, layers } = settings;
  return {
    out,
    space,
    searcher,
    budget,
    cell,
    units,
    layers,
    size,
    ...(graph && { nodes: graph.order, edges: edgesOf(graph) }),
    ...(candidates && { [lists[candidates.criterion]]: candidates.values }),
  };
}

function describe(
  out: string,
  { space, cell, searcher, wiring = {} }: TopologySettings,
  found: Topology,
): string {
  const { graph, size } = found;
  const options = Object.entries(wiring).filter(([, value]) => value !== undefined);
  const wired = options.map(([name, value]) => ` --${name} ${value}`).join("");
  return graph
    ? `${out}: ${size} edges between ${graph.order} units, by ${searcher}; filigree structure train ${out} --cell ${cell}${wired} trains it`
    : `${out}: ${size} ${space === "weights" ? "weights" : "weights at the densities found"}, by ${searcher}; filigree train --from ${out} trains it`;
}
