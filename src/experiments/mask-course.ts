// The masks of a training whose masks change, after some of its epochs, as an artifact that a page can show: bits, each moment by
// what changed since the one before, so that a store grows by little.
import { gzipSync } from "fflate";
import { gunzip } from "../data/numbers/inflate.js";
import { InputError } from "../errors.js";

/** The name of the course among a trial's artifacts. */
export const MASKS = "masks.json";
/** Of longer trainings every second moment is left out, again and again. */
export const MOST_MOMENTS = 16;

const MOST_PARAMETERS = 2 ** 28;

export interface MaskMoment {
  readonly epoch: number;
  /** A byte for each parameter, 1 where it exists. */
  readonly mask: Uint8Array;
}

/** Where each matrix lies among the parameters: its first weight, and how many it has. */
export type Places = Readonly<Record<string, readonly [begin: number, length: number]>>;

/** A course as text. */
interface Stored {
  readonly parameters: number;
  /** In an artifact, so that it can be read without its network. */
  readonly matrices?: Places;
  /** Of each moment the bits that changed since the one before, in base64 of gzip. */
  readonly moments: readonly { readonly epoch: number; readonly changed: string }[];
}

/** A mask of a course, a bit for each parameter. */
interface Kept {
  readonly epoch: number;
  readonly bits: Uint8Array;
  /** What changed since the one before, as text, once that was asked for. */
  changed?: string;
}

/** Takes masks epoch by epoch, and keeps as many moments as there are to be at most. */
export class MaskCourse {
  private moments: readonly Kept[];
  /** Epochs from one moment to the next. */
  private stride = 1;
  private parameters: number;

  /** @param begun the moments of a training that goes on. */
  constructor(begun: readonly MaskMoment[] = []) {
    this.moments = begun.map(({ epoch, mask }) => ({ epoch, bits: packed(mask) }));
    this.parameters = begun[0]?.mask.length ?? 0;
    if (begun.length > 1) this.stride = begun[1].epoch - begun[0].epoch;
  }

  /** Takes a mask, a byte for each parameter. */
  note(epoch: number, mask: Uint8Array): void {
    this.parameters = mask.length;
    if (epoch % this.stride !== 0) return;
    this.moments = [...this.moments, { epoch, bits: packed(mask) }];
    if (this.moments.length <= MOST_MOMENTS) return;
    this.stride *= 2;
    this.moments = this.moments.flatMap(({ epoch, bits }) =>
      epoch % this.stride === 0 ? [{ epoch, bits }] : [],
    );
  }

  /** As text; nothing where there was no mask. @param matrices where they lie among the parameters. */
  encode(matrices?: Places): string | undefined {
    if (this.moments.length === 0) return undefined;
    const moments = this.moments.map((moment, i) => {
      const before = this.moments[i - 1]?.bits;
      moment.changed ??= base64(gzipSync(different(moment.bits, before), { mtime: 0 }));
      return { epoch: moment.epoch, changed: moment.changed };
    });
    return JSON.stringify({ parameters: this.parameters, matrices, moments } satisfies Stored);
  }
}

/** A course from its text. @throws InputError when it is damaged. */
export function decodeMasks(text: string, where: string): { moments: MaskMoment[]; matrices: Places } {
  try {
    const { parameters, matrices = {}, moments } = JSON.parse(text) as Stored;
    if (!(parameters >= 1 && parameters <= MOST_PARAMETERS && moments.length <= MOST_MOMENTS))
      throw new RangeError(`${parameters} parameters, ${moments.length} moments`);
    const size = Math.ceil(parameters / 8);
    let before: Uint8Array | undefined;
    const read = moments.map(({ epoch, changed }) => {
      const bits = gunzip(
        Uint8Array.from(atob(changed), (letter) => letter.charCodeAt(0)),
        where,
        size,
      );
      if (!Number.isSafeInteger(epoch) || bits.length !== size)
        throw new RangeError(`epoch ${epoch}, ${bits.length} bytes of ${size}`);
      before = different(bits, before);
      return { epoch, mask: unpacked(before, parameters) };
    });
    return { moments: read, matrices };
  } catch (cause) {
    throw new InputError({ where, what: "it is no course of masks", hint: "run the trial again", cause });
  }
}

/** The bits that differ from those before, of which all are 0 when left out. */
function different(bits: Uint8Array, before: Uint8Array | undefined): Uint8Array {
  return before ? bits.map((byte, i) => byte ^ before[i]) : bits;
}

function packed(mask: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i++) bits[i >> 3] |= mask[i] << (i & 7);
  return bits;
}

function unpacked(bits: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (bits[i >> 3] >> (i & 7)) & 1);
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
