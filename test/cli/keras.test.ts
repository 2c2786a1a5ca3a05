// A model of Keras's at the command line: pruned like any network, and refused in one line where it is damaged.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { kerasModels } from "../network/keras/models.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-keras-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const [{ bytes }] = kerasModels;

it("is pruned, and evaluated as what was made of it", async () => {
  writeFileSync(at("net.keras"), bytes);
  writeFileSync(at("data.csv"), "string,label\nABCD,1\nBCA,0\nDDAB,1\n");
  const pruned = await filigree(
    "prune",
    at("net.keras"),
    "--percent",
    "50",
    "--out",
    at("sparse.safetensors"),
  );
  expect(pruned.stdout).toContain("56 of 112 recurrent weights are left");
  const words = ["--data", at("data.csv"), "--vocabulary", "_ABCD"];
  const { code, stdout } = await filigree("evaluate", at("sparse.safetensors"), ...words);
  expect(code).toBe(0);
  const other = await filigree("evaluate", at("net.keras"), "--prune", "50", ...words);
  const said = (text: string) => text.replace(/^.*?: /, "");
  expect(said(other.stdout)).toBe(said(stdout));
});

it("is refused in one line when it is damaged, and nothing is written", async () => {
  writeFileSync(at("cut.keras"), bytes.subarray(0, 9000));
  const { code, stderr } = await filigree("prune", at("cut.keras"), "--percent", "50", "--out", at("none"));
  expect(code).toBe(2);
  expect(stderr).toBe(
    `filigree: ${at("cut.keras")}: it is cut off: the zip archive is damaged; copy it again\n`,
  );
  expect(existsSync(at("none"))).toBe(false);
});
