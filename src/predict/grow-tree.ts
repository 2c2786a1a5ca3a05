// Growing regression trees: scikit-learn's "best" splitter (CART; Breiman et al., 1984), depth first. Rows are kept
// sorted per feature while they are divided, so that nothing is sorted twice. Features are visited, and sums are run,
// in scikit-learn's order, because that decides between equally good splits: trees are equal to scikit-learn's node by
// node, except that rows with equal values, which its sort leaves in any order, are summed in row order here.
import type { SortedColumns } from "./columns.js";
import type { Tree } from "./tree.js";

export interface GrownTree {
  tree: Tree;
  /** Per feature, the weighted decrease of the squared error that its splits brought, per unit of training weight. */
  importances: Float64Array;
}

export interface TreeOptions {
  /** Splits between the root and a leaf, at most; `Infinity` grows until the leaves are pure. */
  maximumDepth: number;
  /**
   * How a split is judged: by the decrease of the squared error, or by Friedman's improvement score (Friedman, 2001,
   * equation 35), the default of gradient boosting.
   */
  criterion: "squared-error" | "friedman";
  /** Any integer in [0, 2³¹): the order in which features are visited. */
  seed: number;
}

// Values closer than this, in single precision, are not told apart.
const featureThreshold = Math.fround(1e-7);
const smallestImpurity = Number.EPSILON;

interface Node {
  start: number;
  end: number;
  depth: number;
  impurity: number;
  /** The features, first in `features`, that an ancestor found constant. */
  constants: number;
  /** The node that this is the right child of, or -1. */
  rightOf: number;
}

interface Split {
  feature: number;
  /** The rows of the node from here on, sorted by the feature, go right. */
  position: number;
  score: number;
  /** Constant features after the search. */
  constants: number;
}

/** Statistics of a node's or a side's target: weight, sum and sum of squares. */
interface Sums {
  weight: number;
  sum: number;
  squares: number;
}

/** One side of a split. */
interface Side {
  weight: number;
  impurity: number;
}

interface Divided {
  threshold: number;
  left: Side;
  right: Side;
}

/** Grows a tree on the rows of positive `weight`. `y` and `weight` have one element per row of `table`. */
export function growTree(
  table: SortedColumns,
  y: Float64Array,
  weight: Float64Array,
  options: TreeOptions,
): GrownTree {
  return new Grower(table, y, weight, options).grow();
}

class Grower {
  private readonly table: SortedColumns;
  private readonly y: Float64Array;
  private readonly weight: Float64Array;
  /** Weight times target. */
  private readonly weighted: Float64Array;
  private readonly options: TreeOptions;
  private readonly count: number;
  private readonly totalWeight: number;
  /** The rows, so arranged that every node's are neighbours. */
  private readonly samples: Int32Array;
  /** The same per feature, sorted within each node by the feature's value. */
  private readonly sorted: Int32Array;
  private readonly goesLeft: Uint8Array;
  private readonly spare: Int32Array;
  private readonly features: Int32Array;
  private readonly constantFeatures: Int32Array;
  private random: number;

  constructor(table: SortedColumns, y: Float64Array, weight: Float64Array, options: TreeOptions) {
    this.table = table;
    this.y = y;
    this.weight = weight;
    this.options = options;
    this.random = options.seed;
    this.weighted = new Float64Array(table.rows);
    const samples = new Int32Array(table.rows);
    let count = 0;
    let totalWeight = 0;
    for (let i = 0; i < table.rows; i++) {
      this.weighted[i] = weight[i] * y[i];
      totalWeight += weight[i];
      if (weight[i] > 0) samples[count++] = i;
    }
    this.totalWeight = totalWeight;
    this.count = count;
    this.samples = samples.subarray(0, count);
    this.sorted = count === table.rows ? table.order.slice() : this.positive(table.order);
    this.goesLeft = new Uint8Array(table.rows);
    this.spare = new Int32Array(this.count);
    this.features = Int32Array.from({ length: table.columns }, (_, j) => j);
    this.constantFeatures = new Int32Array(table.columns);
  }

  grow(): GrownTree {
    const tree: Tree = { feature: [], right: [], value: [] };
    const importances = new Float64Array(this.table.columns);
    const open: Node[] = [
      { start: 0, end: this.count, depth: 0, impurity: Number.NaN, constants: 0, rightOf: -1 },
    ];
    for (let node = open.pop(); node; node = open.pop()) {
      const index = tree.feature.length;
      if (node.rightOf >= 0) tree.right[node.rightOf] = index;
      const sums = this.sums(node.start, node.end);
      if (index === 0) node.impurity = impurityOf(sums);
      const split = this.isLeaf(node) ? undefined : this.findSplit(node, sums);
      const divided = split && this.divide(node, sums, split);
      tree.right.push(0);
      if (!split || !divided) {
        tree.feature.push(-1);
        tree.value.push(sums.sum / sums.weight);
        continue;
      }
      tree.feature.push(split.feature);
      tree.value.push(divided.threshold);
      const { left, right } = divided;
      importances[split.feature] +=
        (sums.weight * node.impurity - left.weight * left.impurity - right.weight * right.impurity) /
        this.totalWeight;
      const depth = node.depth + 1;
      const { constants, position } = split;
      open.push({
        start: position,
        end: node.end,
        depth,
        impurity: right.impurity,
        constants,
        rightOf: index,
      });
      open.push({ start: node.start, end: position, depth, impurity: left.impurity, constants, rightOf: -1 });
    }
    return { tree, importances };
  }

  private positive(order: Int32Array): Int32Array {
    const kept = new Int32Array(this.count * this.table.columns);
    let at = 0;
    for (let k = 0; k < order.length; k++) if (this.weight[order[k]] > 0) kept[at++] = order[k];
    return kept;
  }

  private isLeaf({ start, end, depth, impurity }: Node): boolean {
    return depth >= this.options.maximumDepth || end - start < 2 || impurity <= smallestImpurity;
  }

  private sums(start: number, end: number): Sums {
    let weight = 0;
    let sum = 0;
    let squares = 0;
    for (let p = start; p < end; p++) {
      const row = this.samples[p];
      weight += this.weight[row];
      sum += this.weighted[row];
      squares += this.weighted[row] * this.y[row];
    }
    return { weight, sum, squares };
  }

  /**
   * The best split of a node over all features. Features are drawn without replacement; the ones that are constant
   * here are set aside at the front of `features`, so that the nodes below never look at them.
   */
  private findSplit(node: Node, sums: Sums): Split | undefined {
    const { features, constantFeatures, sorted, count } = this;
    const { values, rows, columns } = this.table;
    const { start, end, constants: known } = node;
    const best: Split = { feature: -1, position: -1, score: Number.NEGATIVE_INFINITY, constants: known };
    let left = columns;
    let found = 0;
    let drawnConstants = 0;
    let lastSorted = -1;
    while (left > known + found) {
      let draw = drawnConstants + (this.draw() % (left - found - drawnConstants));
      if (draw < known) {
        swap(features, drawnConstants++, draw);
        continue;
      }
      draw += found;
      const feature = features[draw];
      const smallest = values[feature * rows + sorted[feature * count + start]];
      const largest = values[feature * rows + sorted[feature * count + end - 1]];
      if (smallest !== largest) lastSorted = feature;
      if (largest <= Math.fround(smallest + featureThreshold)) {
        swap(features, draw, known + found++);
        continue;
      }
      swap(features, --left, draw);
      this.scan(feature, node, sums, best);
    }
    // Siblings count on the order of the constants known before, descendants on the ones found here.
    features.set(constantFeatures.subarray(0, known));
    constantFeatures.set(features.subarray(known, known + found), known);
    best.constants = known + found;
    if (best.feature < 0) return undefined;
    // scikit-learn sorts its rows in place, and later sums run over them in the order so left.
    const from = lastSorted * count;
    this.samples.set(sorted.subarray(from + start, from + end), start);
    return best;
  }

  /** Tries every position of a feature and keeps the first that beats `best`. */
  private scan(feature: number, { start, end }: Node, sums: Sums, best: Split): void {
    const { weight, weighted, sorted } = this;
    const friedman = this.options.criterion === "friedman";
    const { weight: total, sum } = sums;
    const offset = feature * this.count;
    const column = feature * this.table.rows;
    const { values } = this.table;
    let weightLeft = 0;
    let sumLeft = 0;
    let summed = start;
    let value = values[column + sorted[offset + start]];
    for (let p = start + 1; p < end; p++) {
      const next = values[column + sorted[offset + p]];
      const distinct = next > Math.fround(value + featureThreshold);
      value = next;
      if (!distinct) continue;
      if (p - summed > end - p) {
        // Few rows are left: take them from the whole, as scikit-learn does, so that equal splits stay equal.
        weightLeft = total;
        sumLeft = sum;
        for (let q = end - 1; q >= p; q--) {
          const row = sorted[offset + q];
          weightLeft -= weight[row];
          sumLeft -= weighted[row];
        }
      } else {
        for (let q = summed; q < p; q++) {
          const row = sorted[offset + q];
          weightLeft += weight[row];
          sumLeft += weighted[row];
        }
      }
      summed = p;
      const weightRight = total - weightLeft;
      const sumRight = sum - sumLeft;
      const difference = weightRight * sumLeft - weightLeft * sumRight;
      const gain = friedman
        ? (difference * difference) / (weightLeft * weightRight)
        : (sumLeft * sumLeft) / weightLeft + (sumRight * sumRight) / weightRight;
      if (gain > best.score) {
        best.score = gain;
        best.feature = feature;
        best.position = p;
      }
    }
  }

  /** Halfway between the values on both sides of a position. */
  private threshold({ feature, position }: Split): number {
    const at = feature * this.count + position;
    const column = feature * this.table.rows;
    const below = this.table.values[column + this.sorted[at - 1]];
    const above = this.table.values[column + this.sorted[at]];
    return below / 2 + above / 2;
  }

  /** Divides a node's rows; undefined when that would not decrease the error after all. */
  private divide(node: Node, sums: Sums, split: Split): Divided | undefined {
    const { samples, goesLeft } = this;
    const { start, end } = node;
    const { values, rows } = this.table;
    const column = split.feature * rows;
    const threshold = this.threshold(split);
    let low = start;
    let high = end;
    while (low < high) {
      const row = samples[low];
      goesLeft[row] = values[column + row] <= threshold ? 1 : 0;
      if (goesLeft[row]) low++;
      else swap(samples, low, --high);
    }
    const [left, right] = this.sides(node, sums, split.position);
    if (this.options.criterion === "squared-error") {
      const kept = (right.weight * right.impurity + left.weight * left.impurity) / sums.weight;
      if ((sums.weight / this.totalWeight) * (node.impurity - kept) + smallestImpurity < 0) return undefined;
    }
    if (node.depth + 1 < this.options.maximumDepth) {
      for (const feature of this.features.subarray(split.constants)) this.partition(feature, start, end);
    }
    return { threshold, left, right };
  }

  /** Weight and impurity of both sides of a position, with the shorter side summed. */
  private sides({ start, end }: Node, sums: Sums, position: number): [Side, Side] {
    const left = this.sums(start, position);
    if (position - start > end - position) {
      left.sum = sums.sum;
      left.weight = sums.weight;
      for (let p = end - 1; p >= position; p--) {
        left.sum -= this.weighted[this.samples[p]];
        left.weight -= this.weight[this.samples[p]];
      }
    }
    const right = {
      weight: sums.weight - left.weight,
      sum: sums.sum - left.sum,
      squares: sums.squares - left.squares,
    };
    return [
      { weight: left.weight, impurity: impurityOf(left) },
      { weight: right.weight, impurity: impurityOf(right) },
    ];
  }

  /** Moves the rows that go left before the others, keeping both sorted. */
  private partition(feature: number, start: number, end: number): void {
    const { sorted, spare, goesLeft } = this;
    const offset = feature * this.count;
    let kept = offset + start;
    let moved = 0;
    for (let p = offset + start; p < offset + end; p++) {
      // Both are written and one counts: a branch here would be mispredicted half of the time.
      const row = sorted[p];
      const left = goesLeft[row];
      sorted[kept] = row;
      spare[moved] = row;
      kept += left;
      moved += 1 - left;
    }
    for (let k = 0; k < moved; k++) sorted[kept + k] = spare[k];
  }

  /** scikit-learn's own xorshift generator: the next integer in [0, 2³¹). */
  private draw(): number {
    let word = this.random || 1;
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    this.random = word;
    return word & 0x7fffffff;
  }
}

/** The weighted variance of the target. */
function impurityOf({ weight, sum, squares }: Sums): number {
  return squares / weight - (sum / weight) ** 2;
}

function swap(list: Int32Array, i: number, j: number): void {
  const kept = list[i];
  list[i] = list[j];
  list[j] = kept;
}
