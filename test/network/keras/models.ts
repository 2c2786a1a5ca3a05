// Models that Keras saved: keras-models.json.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Said } from "../said.js";

/** A model in one of Keras's formats, and what Keras says with it: scores, before a softmax or a sigmoid. */
export interface KerasModel extends Said {
  readonly name: string;
  /** What it was saved as, `net` with one of three endings. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

const { models, compressed }: Fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/keras-models.json", import.meta.url), "utf8"),
);

interface Fixture {
  readonly models: readonly (Said & { name: string; file: string; model: string })[];
  readonly compressed: string;
}

const unpacked = (model: string) => new Uint8Array(gunzipSync(Buffer.from(model, "base64")));

export const kerasModels: readonly KerasModel[] = models.map(({ model, ...rest }) => ({
  ...rest,
  bytes: unpacked(model),
}));

/** A whole model as HDF5 with compressed numbers. */
export const compressedModel: Uint8Array = unpacked(compressed);
