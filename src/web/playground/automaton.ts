// Where the states of an automaton stand when it is drawn, and which of them a string passes through.
import type { Grammar } from "../../data/grammar.js";

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Arcs between the same two states, as one. */
export interface DrawnArc {
  readonly from: number;
  readonly to: number;
  readonly symbols: readonly string[];
  /** Whether there is one the other way too. */
  readonly isMutual: boolean;
}

/**
 * Places on a grid of columns and rows from 0: a column for each distance from the start, and in it the states in the order in
 * which their neighbours before them stand.
 */
export function placesOf({ arcs }: Grammar): Place[] {
  const distance = new Map([[0, 0]]);
  const order = [0];
  for (const state of order) {
    for (const { to } of arcs[state]) {
      if (distance.has(to)) continue;
      distance.set(to, distance.get(state)! + 1);
      order.push(to);
    }
  }
  const columns = new Map<number, number[]>();
  for (const state of order) {
    const column = columns.get(distance.get(state)!) ?? [];
    columns.set(distance.get(state)!, [...column, state]);
  }
  const tallest = Math.max(...Array.from(columns.values(), ({ length }) => length));
  const places: Place[] = [];
  for (const [x, states] of columns) {
    for (const [i, state] of states.entries()) places[state] = { x, y: i + (tallest - states.length) / 2 };
  }
  return places;
}

export function drawnArcs({ arcs }: Grammar): DrawnArc[] {
  const pairs = new Map<string, { from: number; to: number; symbols: string[] }>();
  for (const [from, own] of arcs.entries()) {
    for (const { symbol, to } of own) {
      const pair = pairs.get(`${from} ${to}`) ?? { from, to, symbols: [] };
      pairs.set(`${from} ${to}`, { ...pair, symbols: [...pair.symbols, symbol] });
    }
  }
  return Array.from(pairs.values(), (pair) => ({
    ...pair,
    isMutual: pair.from !== pair.to && pairs.has(`${pair.to} ${pair.from}`),
  }));
}

/** The state after each letter, and before the first; undefined from the first letter on that no arc has. */
export function pathOf({ arcs }: Grammar, string: string): (number | undefined)[] {
  const path: (number | undefined)[] = [0];
  for (const letter of string) {
    const state = path.at(-1);
    path.push(state === undefined ? undefined : arcs[state].find(({ symbol }) => symbol === letter)?.to);
  }
  return path;
}
