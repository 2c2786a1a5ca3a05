// Which weights compete with each other: the percentage to remove holds for each pool of them alone.

/**
 * `global`: all chosen matrices of all cells together (Darji 2021). `layer`: the chosen matrices of one cell.
 * `matrix`: one matrix. `gate`: the rows of one gate in one matrix.
 */
export const scopes = ["global", "layer", "matrix", "gate"] as const;
export type Scope = (typeof scopes)[number];
