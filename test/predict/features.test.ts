import { describe, expect, it } from "vitest";
import { PROPERTY_NAMES } from "../../src/graph/properties.js";
import { chooseFeatures, featureSets } from "../../src/predict/features.js";
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
