// The package comes without types.
declare module "fourier-transform" {
  /** Real and imaginary parts of the transform's bins 0 to n/2 of n real values, n a power of two; into `output` if given. */
  export function fft(
    input: Float64Array,
    output?: [real: Float64Array, imaginary: Float64Array],
  ): [real: Float64Array, imaginary: Float64Array];
}
