// HDF5 as far as models of Keras's need it. A library reads it (paths/hdf5.ts), which is given from above, so that what runs in a
// browser does without.

/** Numbers of a dataset, row by row. */
export interface Hdf5Numbers {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** An open file. Paths are names divided by "/", and "" is the root. */
export interface Hdf5 {
  /** The names in a group; none where there is no such group. @throws InputError when the file is damaged. */
  names(path: string): readonly string[];
  /**
   * An attribute of a group that is a text or several; undefined where there is none.
   * @throws InputError when the file is damaged.
   */
  texts(path: string, attribute: string): readonly string[] | undefined;
  /**
   * A dataset of floating-point numbers of any width; undefined where there is none.
   * @throws InputError when it is of another type, compressed, or damaged.
   */
  numbers(path: string): Hdf5Numbers | undefined;
}

/** Opens a file's bytes. @throws InputError when they are no HDF5. */
export type OpenHdf5 = (bytes: Uint8Array, where: string) => Hdf5;

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes begin as HDF5 does. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}
