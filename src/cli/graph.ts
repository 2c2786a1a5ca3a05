// `filigree graph`: draw random graphs and describe any graph by its properties.
import { Command, Option } from "commander";
import { prepareOutput } from "../files.js";
import {
  barabasiAlbert,
  erdosRenyi,
  type GraphFamily,
  kleinberg,
  layeredComplete,
  randomDag,
  randomRegular,
  randomStructureGraph,
  wattsStrogatz,
} from "../graph/generators.js";
import type { Graph } from "../graph/graph.js";
import { MORE_PROPERTY_NAMES, moreGraphProperties } from "../graph/more-properties.js";
import { graphProperties, PROPERTY_NAMES } from "../graph/properties.js";
import { Random } from "../math/random.js";
import { between, Output, ProgressBar, required, seedOption, table, whole, withJson } from "./command.js";

export function graphCommand(): Command {
  const generate = new Command("generate").description("draw a random graph and write it to a file");
  for (const family of families) generate.addCommand(familyCommand(family));
  return new Command().addCommand(generate).addCommand(propertiesCommand());
}

/** What the options of the families have in common: each has some of these. */
interface Parameters {
  n: number;
  m: number;
  k: number;
  d: number;
  p: number;
  q: number;
  r: number;
  tries: number;
  sizes: number[];
}

interface Family {
  readonly name: GraphFamily;
  readonly description: string;
  readonly options: readonly Option[];
  /** Names of the options that must be there. */
  readonly needs?: readonly (keyof Parameters)[];
  draw(parameters: Parameters, random: Random): Graph;
}

const count = whole(0, 1e9);
const option = (flags: string, description: string, parse: (text: string) => unknown) =>
  new Option(flags, description).argParser(parse);
const nodes = option("--n <n>", "nodes", count);
const probability = (description: string) => option("--p <p>", description, between(0, 1));

const families: readonly Family[] = [
  {
    name: "barabasi_albert",
    description: "preferential attachment; without parameters drawn as the thesis draws its structures",
    options: [
      option("--n <n>", "nodes", count),
      option("--m <m>", "edges that every new node brings; n / 10 when left out", count),
    ],
    draw: ({ n, m = Math.max(1, Math.floor(n / 10)) }, random) =>
      n === undefined ? randomStructureGraph("barabasi_albert", random) : barabasiAlbert({ n, m }, random),
  },
  {
    name: "watts_strogatz",
    description:
      "a connected ring with edges turned at random; without parameters drawn as the thesis draws its structures",
    options: [
      option("--n <n>", "nodes", count),
      option("--k <k>", "neighbours of every node on the ring; n / 5 when left out", count),
      probability("probability of turning an edge; 1 when left out"),
      option("--tries <t>", "attempts at a connected graph; 100 when left out", count),
    ],
    draw: ({ n, k = Math.max(2, Math.floor(n / 5)), p = 1, tries = 100 }, random) =>
      n === undefined
        ? randomStructureGraph("watts_strogatz", random)
        : wattsStrogatz({ n, k, p, tries }, random),
  },
  {
    name: "erdos_renyi",
    description: "every pair of nodes joined with the same probability",
    options: [nodes, probability("probability of an edge")],
    needs: ["n", "p"],
    draw: erdosRenyi,
  },
  {
    name: "random_regular",
    description: "every node with the same number of neighbours",
    options: [nodes, option("--d <d>", "neighbours of every node", count)],
    needs: ["n", "d"],
    draw: randomRegular,
  },
  {
    name: "kleinberg",
    description: "a lattice with distant contacts",
    options: [
      option("--n <n>", "nodes on each side of the lattice", count),
      option("--p <p>", "lattice distance within which all are joined", count).default(1),
      option("--q <q>", "distant contacts of every node", count).default(1),
      option("--r <r>", "how fast their probability falls with distance", between(0, 100)).default(2),
    ],
    needs: ["n"],
    draw: kleinberg,
  },
  {
    name: "random_dag",
    description: "directed edges from lower to higher nodes, each with the same probability",
    options: [nodes, probability("probability of an edge")],
    needs: ["n", "p"],
    draw: randomDag,
  },
  {
    name: "layered_complete",
    description: "layers, each joined to the next by all possible edges",
    options: [
      option("--sizes <list>", "nodes of each layer, for example 4,8,2", (text) =>
        text.split(",").map(count),
      ),
    ],
    needs: ["sizes"],
    draw: layeredComplete,
  },
];

function familyCommand({ name, description, options, needs = [], draw }: Family): Command {
  const command = new Command(name).description(description);
  for (const option of options) command.addOption(option);
  command
    .addOption(seedOption())
    .option("--out <file>", ".json (node-link), .graphml or .edges", `${name}.json`);
  return withJson(command).action(
    async ({
      seed,
      out,
      json,
      ...parameters
    }: Parameters & { seed: number; out: string; json?: boolean }) => {
      for (const needed of needs) required(parameters[needed], `--${needed}`);
      const [given] = Object.keys(parameters);
      if (needs.length === 0 && given !== undefined) required(parameters.n, "--n");
      const graph = draw(parameters, new Random(seed));
      prepareOutput(out);
      const { writeGraph } = await import("../graph/files.js");
      writeGraph(out, graph);
      new Output({ json }).result(
        { family: name, ...parameters, seed, file: out, nodes: graph.order, edges: graph.size },
        `${out}: ${graph.order} nodes, ${graph.size} edges`,
      );
    },
  );
}

function propertiesCommand(): Command {
  const command = new Command("properties")
    .description("the thesis's 23 properties of graphs, and a few more")
    .argument("<file...>", "node-link JSON, GraphML or edge lists");
  return withJson(command).action(async (files: string[], options: { json?: boolean }) => {
    const { readGraph } = await import("../graph/files.js");
    const described = files.map((file) => ({ file, ...allProperties(readGraph(file), file) }));
    const rows = [...PROPERTY_NAMES, ...MORE_PROPERTY_NAMES].map((name) => [
      name,
      ...described.map((properties) => short(properties[name])),
    ]);
    new Output(options).result(
      described.length === 1 ? described[0] : described,
      table(["property", ...files], rows),
    );
  });
}

/** The 23 properties of a graph and more; says on stderr how far it is. */
export function allProperties(graph: Graph, file: string) {
  const bar = new ProgressBar(file);
  const progress = (done: number, total: number) => bar.update(done / total);
  try {
    const properties = graphProperties(graph, { where: file, progress });
    return { ...properties, ...moreGraphProperties(graph, properties.average_shortest_path_length) };
  } finally {
    bar.stop();
  }
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(6);
}
