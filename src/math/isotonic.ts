// A curve that can only rise, fitted to means that scatter: what removing more weights costs should not fall, and where it
// crosses a limit should not depend on one lucky setting.

/**
 * The non-decreasing values nearest to the given ones in weighted squares (pool adjacent violators, Ayer et al. 1955):
 * neighbours that fall are replaced by their weighted mean until none does.
 * @param weights above 0; 1 each when left out.
 */
export function isotonic(values: readonly number[], weights?: readonly number[]): number[] {
  const pools: { mean: number; weight: number; count: number }[] = [];
  for (const [i, value] of values.entries()) {
    let pool = { mean: value, weight: weights?.[i] ?? 1, count: 1 };
    for (let before = pools.at(-1); before && before.mean > pool.mean; before = pools.at(-1)) {
      const weight = before.weight + pool.weight;
      const mean = (before.mean * before.weight + pool.mean * pool.weight) / weight;
      pool = { mean, weight, count: before.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  return pools.flatMap(({ mean, count }) => new Array<number>(count).fill(mean));
}

/** Where a rising curve leaves what is allowed: `below` its first place, `above` its last one, or in between. */
export interface Crossing {
  readonly at: number;
  readonly beyond?: "below" | "above";
}

/** Two numbers that differ by rounding alone are equal. */
const ROUNDING = 1e-9;

/**
 * The largest place up to which a non-decreasing curve, linear between its points, is at most `limit`. A curve that starts
 * above it gives its first place, and one that never exceeds it its last, marked as such.
 * @param places ascending, as many as `values` and at least one.
 */
export function crossing(places: readonly number[], values: readonly number[], limit: number): Crossing {
  const most = limit + ROUNDING;
  const over = values.findIndex((value) => value > most);
  if (over < 0) return { at: places[places.length - 1], beyond: "above" };
  if (over === 0) return { at: places[0], beyond: "below" };
  const [from, to] = [values[over - 1], values[over]];
  const share = Math.max(0, limit - from) / (to - from);
  return { at: places[over - 1] + share * (places[over] - places[over - 1]) };
}
