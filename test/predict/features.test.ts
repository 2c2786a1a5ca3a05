import { describe, expect, it } from "vitest";
import { PROPERTY_NAMES } from "../../src/graph/properties.js";
import { chooseFeatures, featureSets, leftOut } from "../../src/predict/features.js";
import { parseTable } from "../../src/predict/table.js";

const structures = parseTable(
  `mode,graph_nr,${PROPERTY_NAMES.join(",")},test_acc,test_loss\nGRU,0,${PROPERTY_NAMES.map(() => 1).join(",")},1,1\n`,
  "structures.csv",
);

describe("chooseFeatures", () => {
  it("takes the thesis's 23 properties and no results", () => {
    expect(chooseFeatures(structures, "test_acc")).toEqual([...PROPERTY_NAMES]);
    expect(PROPERTY_NAMES).toHaveLength(23);
  });

  it("takes the numeric columns of any other table", () => {
    const table = parseTable("name,a,b,y\nx,1,,1\ny,2,3,2\n", "t.csv");
    expect(chooseFeatures(table, "y")).toEqual(["a", "b"]);
  });

  it.each([
    ["pandas' index", ",a,y\n0,1,1\n1,2,2\n", [""]],
    [
      "an index that was read back",
      "Unnamed: 0,Unnamed: 0.1,index,a,y\n0,0,0,1,1\n",
      ["Unnamed: 0", "Unnamed: 0.1", "index"],
    ],
    [
      "a study's export",
      "number,identity,kind,seed,replicate,state,error,percent,parameter.seed,base.data.seed,baseAccuracy,nonzeros,prunedLoss,regainedAfter,a,y\n0,12,prune,1,1,finished,,50,3,4,0.9,200,0.1,NaN,1,1\n",
      [
        "number",
        "identity",
        "seed",
        "replicate",
        "parameter.seed",
        "base.data.seed",
        "baseAccuracy",
        "prunedLoss",
      ],
    ],
    [
      "another program's results",
      "run_id,epoch,val_loss,train_acc,a,y\n7,1,0.5,0.9,1,1\n",
      ["run_id", "epoch", "val_loss", "train_acc"],
    ],
  ])("leaves out %s, and names it", (_, text, names) => {
    const table = parseTable(text, "t.csv");
    const features = chooseFeatures(table, "y");
    expect(features).toContain("a");
    expect(features.filter((name) => names.includes(name))).toEqual([]);
    expect(leftOut(table, "y", features)).toEqual(names);
  });

  it("keeps what only sounds alike, and takes what is asked for", () => {
    const table = parseTable("seeds,weight_loss,numbers,seed,y\n1,2,3,4,5\n", "t.csv");
    expect(chooseFeatures(table, "y")).toEqual(["seeds", "weight_loss", "numbers"]);
    expect(chooseFeatures(table, "y", ["seed"])).toEqual(["seed"]);
    expect(chooseFeatures(table, "seed")).toContain("y");
  });

  it("refuses a table of nothing but an index and results", () => {
    const table = parseTable(",test_loss,y\n0,1,1\n", "t.csv");
    expect(() => chooseFeatures(table, "y")).toThrow(
      't.csv: has no numeric column beside "y" that could be a cause; not "", "test_loss"; add the columns',
    );
  });

  it("takes what it is given, once, but never the target", () => {
    expect(chooseFeatures(structures, "test_acc", ["edges", "nodes", "edges"])).toEqual(["edges", "nodes"]);
    expect(() => chooseFeatures(structures, "test_acc", ["test_acc"])).toThrow("is the target");
  });

  it("refuses a table with nothing to predict from", () => {
    const table = parseTable("name,y\nx,1\n", "t.csv");
    expect(() => chooseFeatures(table, "y")).toThrow('t.csv: has no numeric column beside "y"');
  });
});

describe("featureSets", () => {
  it("are the four of the thesis where its properties are", () => {
    const sets = featureSets(PROPERTY_NAMES);
    expect(sets.map(({ name, features }) => [name, features.length])).toEqual([
      ["all", 23],
      ["only_node_edge", 4],
      ["without_node_edge", 19],
      ["only_var", 5],
    ]);
    expect(sets[3].features).toEqual([
      "eccentricity_var",
      "degree_var",
      "closeness_var",
      "nodes_betweenness_var",
      "edge_betweenness_var",
    ]);
  });

  it("are one for any other table", () => {
    expect(featureSets(["a", "nodes"])).toEqual([{ name: "all", features: ["a", "nodes"] }]);
  });
});
