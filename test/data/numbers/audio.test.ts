// Recordings and what is made of them, beside what soundfile writes and librosa computes.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LOG_MEL, logMel } from "../../../src/data/numbers/logmel.js";
import { parseWav } from "../../../src/data/numbers/wav.js";
import { InputError } from "../../../src/errors.js";
import { decoded } from "../../fixtures/arrays.js";

interface File {
  readonly cases: readonly {
    rate: number;
    bands: number;
    wav: string;
    frames: number;
    /** [frame][band]; 25 ms every 10 ms. */
    values: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** The samples at 8 kHz in every encoding. */
  readonly encodings: Readonly<Record<string, string>>;
  /** The samples, and on the right their halves negated. */
  readonly stereo: string;
  readonly others: Readonly<Record<string, string>>;
}
const { cases, samples, encodings, stereo, others }: File = JSON.parse(
  readFileSync(new URL("../../fixtures/logmel.json", import.meta.url), "utf8"),
);

const said = (bytes: Uint8Array) => {
  try {
    parseWav(bytes, "a.wav");
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "read";
};
const plain = decoded(encodings.PCM_16);
/** A copy with a 16-bit number at some place. */
const put = (bytes: Uint8Array, at: number, value: number) => {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint16(at, value, true);
  return copy;
};

describe("parseWav", () => {
  it.each(Object.keys(encodings))("reads %s", (name) => {
    const own = parseWav(decoded(encodings[name]), name);
    expect(own).toMatchObject({ rate: 8000, channels: 1 });
    // A step of 8 bits is the step of the samples.
    expect([...own.samples]).toEqual(samples);
  });

  it("averages channels", () => {
    const own = parseWav(decoded(stereo), "s.wav");
    expect(own).toMatchObject({ rate: 44100, channels: 2 });
    expect([...own.samples]).toEqual(samples.map((sample) => sample / 4));
  });

  it("skips what is no sound, also of odd length", () => {
    const text = new TextEncoder().encode("LIST\x05\0\0\0hello\0");
    expect(said(new Uint8Array([...plain.subarray(0, 12), ...text, ...plain.subarray(12), ...text]))).toBe(
      "read",
    );
  });

  it("refuses other files and encodings by their names", () => {
    const lines = Object.entries(others).map(([name, wav]) => [name, said(decoded(wav)).split("; ")[0]]);
    expect(Object.fromEntries(lines)).toEqual({
      ULAW: "a.wav: it is compressed (µ-law)",
      ALAW: "a.wav: it is compressed (A-law)",
      MS_ADPCM: "a.wav: it is compressed (ADPCM)",
      AIFF: "a.wav: is an AIFF file",
      FLAC: "a.wav: is a FLAC file",
      RF64: "a.wav: is a WAV of 4 GB or more",
      W64: "a.wav: is a Wave64 file",
    });
    expect(said(new TextEncoder().encode("hello"))).toBe("a.wav: it is no WAV file; check the path");
    expect(said(new Uint8Array())).toBe("a.wav: it is no WAV file; check the path");
    expect(said(put(plain, 34, 12))).toMatch("it has samples of 12 bits (PCM)");
  });

  it("refuses damage", () => {
    for (let length = 12; length < plain.length; length++)
      expect(said(plain.subarray(0, length))).toMatch(
        /^a\.wav: it is truncated: .*; copy or record it again$/,
      );
    expect(said(put(plain, 22, 0))).toMatch(
      "its format is wrong: 0 channels, 8000 samples a second, 2 bytes",
    );
    expect(said(put(plain, 24, 0))).toMatch("its format is wrong: 1 channels, 0 samples");
    expect(said(put(plain, 26, 99))).toMatch("its format is wrong: 1 channels, 6496064 samples a second");
    expect(said(put(plain, 32, 4))).toMatch("its format is wrong");
    expect(said(put(plain, 40, 15))).toMatch("it ends within a sample");
    expect(said(put(plain, 40, 0))).toMatch("it has no samples");
    expect(said(put(plain, 16, 14))).toMatch(/truncated|cut off/);
    const loud = decoded(encodings.FLOAT);
    const at = loud.findIndex((_, i) => String.fromCharCode(...loud.subarray(i, i + 4)) === "data") + 8;
    expect(said(put(put(loud, at + 4, 0), at + 6, 0x7fc0))).toMatch("its sample 2 is NaN");
  });
});

describe("logMel", () => {
  it.each(cases)(
    "computes what librosa does at $rate a second with $bands bands",
    ({ rate, bands, wav, frames, values }) => {
      const own = logMel(rate, { ...LOG_MEL, bands })(parseWav(decoded(wav), "a.wav").samples, "a.wav");
      expect(own.length).toBe(frames * bands);
      const worst = own.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i])), 0);
      expect(worst).toBeLessThan(5e-6);
      // The recording ends in silence.
      expect(own.at(-1)).toBeCloseTo(Math.log(1e-10), 5);
    },
  );

  it("refuses what gives no frame or an empty band", () => {
    expect(() => logMel(8000, LOG_MEL)(new Float32Array(199), "a.wav")).toThrow(
      "a.wav: its 199 samples are fewer than a window of 200; leave it out, or use shorter windows",
    );
    expect(logMel(8000, LOG_MEL)(new Float32Array(200), "a.wav")).toHaveLength(40);
    expect(() => logMel(8000, { ...LOG_MEL, bands: 128 })).toThrow(
      "--bands: band 1 of 128 lies between two frequencies of a window at 8000 samples a second",
    );
    expect(() => logMel(8000, { ...LOG_MEL, hopMs: 0.01 })).toThrow(
      "--hop-ms: a hop is shorter than a sample",
    );
    expect(() => logMel(8, LOG_MEL)).toThrow("shorter than");
  });
});
