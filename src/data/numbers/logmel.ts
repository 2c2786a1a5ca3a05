// What small networks hear of a recording: the logarithm of its energy in bands as wide as the ear's, in short windows that
// overlap. Definitions are those of torchaudio's MelSpectrogram with its defaults, and of librosa's with htk=True and
// norm=None, so that a network trained elsewhere hears the same.
import { fft } from "fourier-transform";
import { InputError } from "../../errors.js";

export interface LogMelOptions {
  readonly bands: number;
  /** Milliseconds of a window. */
  readonly windowMs: number;
  /** Milliseconds from a window to the next. */
  readonly hopMs: number;
}

/** 40 bands in windows of 25 ms every 10 ms. */
export const LOG_MEL: LogMelOptions = { bands: 40, windowMs: 25, hopMs: 10 };

/** Energies below are taken for this one, so that silence has a logarithm. */
const LEAST_ENERGY = 1e-10;

/** The frames of a recording [frame][band]. */
export type Frames = Float32Array;

/**
 * Makes frames of recordings of one sampling rate. A frame's window is of the form of Hann (periodic) and lies wholly
 * within the recording; the last samples that fill none are left out. It is filled up with zeros to a power of two, and
 * the power of its spectrum, |FFT|², is added up by triangles that are equally far apart on HTK's mel scale,
 * 2595 log10(1 + f/700), from 0 to half of the rate, each 1 at its peak. The natural logarithm of that is a frame.
 * @param rate samples a second.
 * @throws InputError when there are too few samples in a window for so many bands, or a hop is shorter than a sample.
 */
export function logMel(
  rate: number,
  options: LogMelOptions,
): (samples: Float32Array, where: string) => Frames {
  const { bands } = options;
  const length = Math.round((rate * options.windowMs) / 1000);
  const hop = Math.round((rate * options.hopMs) / 1000);
  if (hop < 1 || length < 2) {
    const what = `${hop < 1 ? "a hop" : "a window"} is shorter than ${hop < 1 ? "a sample" : "two samples"} at ${rate} a second`;
    throw new InputError({
      where: hop < 1 ? "--hop-ms" : "--window-ms",
      what,
      hint: "use more milliseconds",
    });
  }
  const size = 2 ** Math.ceil(Math.log2(length));
  const hann = Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
  const filters = melFilters(bands, size, rate);
  const frame = new Float64Array(size);
  const bins: [Float64Array, Float64Array] = [new Float64Array(size / 2 + 1), new Float64Array(size / 2 + 1)];
  const power = new Float64Array(size / 2 + 1);
  return (samples, where) => {
    if (samples.length < length) {
      throw new InputError({
        where,
        what: `its ${samples.length} samples are fewer than a window of ${length}`,
        hint: "leave it out, or use shorter windows",
      });
    }
    const count = 1 + Math.floor((samples.length - length) / hop);
    const frames = new Float32Array(count * bands);
    for (let f = 0; f < count; f++) {
      for (let i = 0; i < length; i++) frame[i] = hann[i] * samples[f * hop + i];
      const [real, imaginary] = fft(frame, bins);
      for (let k = 0; k < power.length; k++) power[k] = real[k] ** 2 + imaginary[k] ** 2;
      for (const [band, { first, weights }] of filters.entries()) {
        let energy = 0;
        for (let k = 0; k < weights.length; k++) energy += weights[k] * power[first + k];
        frames[f * bands + band] = Math.log(Math.max(energy, LEAST_ENERGY));
      }
    }
    return frames;
  };
}

/** A band: the weights of some neighbouring bins of the spectrum. */
interface Filter {
  readonly first: number;
  readonly weights: Float64Array;
}

/** @param size of the transform. @throws InputError when a band has no bin. */
function melFilters(bands: number, size: number, rate: number): readonly Filter[] {
  const top = 2595 * Math.log10(1 + rate / 2 / 700);
  const hertz = Array.from(
    { length: bands + 2 },
    (_, i) => 700 * (10 ** ((top * i) / (bands + 1) / 2595) - 1),
  );
  return Array.from({ length: bands }, (_, band) => {
    const [low, peak, high] = hertz.slice(band, band + 3);
    const weightOf = (bin: number) => {
      const f = (bin * rate) / size;
      return Math.max(0, Math.min((f - low) / (peak - low), (high - f) / (high - peak)));
    };
    // Strictly between low and high, where a weight is more than 0.
    const first = Math.floor((low * size) / rate) + 1;
    const count = Math.max(0, Math.ceil((high * size) / rate) - first);
    const weights = Float64Array.from({ length: count }, (_, k) => weightOf(first + k));
    if (count === 0) {
      throw new InputError({
        where: "--bands",
        what: `band ${band + 1} of ${bands} lies between two frequencies of a window at ${rate} samples a second`,
        hint: "use fewer bands or longer windows",
      });
    }
    return { first, weights };
  });
}
