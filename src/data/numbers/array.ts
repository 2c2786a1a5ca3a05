// What NumPy's files, IDX and tables give before it is known what they mean: values in a box of some shape. One type for
// all of them lets data come from one kind of file and its labels from another.

/** Values of any numeric type; 64-bit integers are read as doubles. */
export type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Values row by row (the last index runs fastest); their count is the product of the shape. */
export type NumberArray = { readonly shape: readonly number[] } & (
  | { readonly kind: "float" | "integer" | "boolean"; readonly values: Numbers }
  | { readonly kind: "text"; readonly values: readonly string[] }
);

/** Elements of an array of this shape; 1 of the shape of a single value. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A shape as Python writes it. */
export function shapeText(shape: readonly number[]): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}
