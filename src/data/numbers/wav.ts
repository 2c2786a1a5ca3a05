// Recordings in RIFF WAV files, as one channel of numbers from -1 to 1. The encodings that recorders and editors write are
// read: PCM of 8, 16, 24 and 32 bits and floating-point numbers; others are refused by their names.
// http://soundfile.sapp.org/doc/WaveFormat/
import { InputError } from "../../errors.js";

export interface Recording {
  /** Samples a second. */
  readonly rate: number;
  /** How many channels it had; more than one are averaged. */
  readonly channels: number;
  readonly samples: Float32Array;
}

/** Samples a second, beyond those of any recorder of bats. */
const HIGHEST_RATE = 1_000_000;
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const otherEncodings = new Map([
  [2, "ADPCM"],
  [6, "A-law"],
  [7, "µ-law"],
  [0x11, "ADPCM"],
  [0x31, "GSM"],
  [0x50, "MPEG"],
  [0x55, "MP3"],
]);
const otherFiles: readonly (readonly [at: number, mark: string, what: string])[] = [
  [0, "RIFX", "a big-endian WAV"],
  [0, "RF64", "a WAV of 4 GB or more"],
  [0, "riff", "a Wave64 file"],
  [0, "FORM", "an AIFF file"],
  [0, "fLaC", "a FLAC file"],
  [0, "OggS", "an Ogg file"],
  [0, "ID3", "an MP3 file"],
  [4, "ftyp", "an MP4 file"],
  [0, ".snd", "a Sun audio file"],
];
const CONVERT = "convert it to WAV of 16 bits, for example with ffmpeg or sox";

/** How a sample lies in a file. */
interface Encoding {
  readonly bytes: number;
  readonly at: (view: DataView, offset: number) => number;
}

const encodings: ReadonlyMap<string, Encoding> = new Map<string, Encoding>([
  [`${PCM}/8`, { bytes: 1, at: (view, offset) => (view.getUint8(offset) - 128) / 2 ** 7 }],
  [`${PCM}/16`, { bytes: 2, at: (view, offset) => view.getInt16(offset, true) / 2 ** 15 }],
  [
    `${PCM}/24`,
    {
      bytes: 3,
      at: (view, offset) => (view.getInt8(offset + 2) * 2 ** 16 + view.getUint16(offset, true)) / 2 ** 23,
    },
  ],
  [`${PCM}/32`, { bytes: 4, at: (view, offset) => view.getInt32(offset, true) / 2 ** 31 }],
  [`${FLOAT}/32`, { bytes: 4, at: (view, offset) => view.getFloat32(offset, true) }],
  [`${FLOAT}/64`, { bytes: 8, at: (view, offset) => view.getFloat64(offset, true) }],
]);

/**
 * The recording of a WAV file.
 * @throws InputError when it is no WAV, is truncated or damaged, has no samples or another encoding, or a sample is not
 *   finite.
 */
export function parseWav(bytes: Uint8Array, where: string): Recording {
  const fail = (what: string, hint = "copy or record it again") => new InputError({ where, what, hint });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (mark(bytes, 0) !== "RIFF" || mark(bytes, 8) !== "WAVE") {
    const other = otherFiles.find(([at, own]) => mark(bytes, at).startsWith(own));
    throw other ? fail(`is ${other[2]}`, CONVERT) : fail("it is no WAV file", "check the path");
  }
  let format: DataView | undefined;
  for (let at = 12; ; ) {
    if (at + 8 > bytes.length) throw fail(`it is truncated: ${format ? "no samples" : "no format"} in it`);
    const [name, size] = [mark(bytes, at), view.getUint32(at + 4, true)];
    const there = bytes.length - at - 8;
    if (size > there) throw fail(`it is truncated: ${size} bytes promised, ${there} there`);
    const content = new DataView(bytes.buffer, bytes.byteOffset + at + 8, size);
    if (name === "fmt ") format = content;
    if (name === "data") {
      if (!format) throw fail("its samples come before their format");
      return decode(content, format, fail);
    }
    // A part of an odd length is followed by a byte more.
    at += 8 + size + (size % 2);
  }
}

function decode(
  data: DataView,
  format: DataView,
  fail: (what: string, hint?: string) => InputError,
): Recording {
  if (format.byteLength < 16) throw fail("its format is cut off");
  const tag = format.getUint16(0, true);
  // The extensible format has the encoding in the first bytes of a longer identifier.
  if (tag === EXTENSIBLE && format.byteLength < 26) throw fail("its format is cut off");
  const code = tag === EXTENSIBLE ? format.getUint16(24, true) : tag;
  const [channels, block, bits] = [2, 12, 14].map((at) => format.getUint16(at, true));
  const rate = format.getUint32(4, true);
  const encoding = encodings.get(`${code}/${bits}`);
  if (!encoding) {
    const kind = code === PCM ? "PCM" : code === FLOAT ? "floating point" : otherEncodings.get(code);
    const what =
      code === PCM || code === FLOAT
        ? `it has samples of ${bits} bits (${kind})`
        : `it is compressed (${kind ?? `encoding ${code}`})`;
    throw fail(what, CONVERT);
  }
  if (channels === 0 || rate === 0 || rate > HIGHEST_RATE || block !== channels * encoding.bytes)
    throw fail(
      `its format is wrong: ${channels} channels, ${rate} samples a second, ${block} bytes for them`,
    );
  if (data.byteLength === 0) throw fail("it has no samples", "leave it out");
  if (data.byteLength % block !== 0) throw fail("it is truncated: it ends within a sample");
  const samples = new Float32Array(data.byteLength / block);
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++)
      sum += encoding.at(data, i * block + channel * encoding.bytes);
    samples[i] = sum / channels;
  }
  const bad = samples.findIndex((sample) => !Number.isFinite(sample));
  if (bad >= 0) throw fail(`its sample ${bad + 1} is ${samples[bad]}`);
  return { rate, channels, samples };
}

/** Four bytes as letters. */
function mark(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
