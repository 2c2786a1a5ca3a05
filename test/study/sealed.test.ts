// Stores of others: in a folder where one may not write, on a mount for reading, left behind by a run that was killed, or
// in use at the moment.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kindsOf } from "../../src/study/kind.js";
import { noop } from "../../src/study/kinds.js";
import { runStudy } from "../../src/study/runner.js";
import { Store } from "../../src/study/store.js";
import { filigree } from "../cli/command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-sealed-"));
const root = process.getuid?.() === 0;

/** Does work without the rights of a superuser, whom no permission stops. */
async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (!root) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

const store = join(folder, "made", "s.db");
const study = {
  name: "numbers",
  kind: "noop",
  grid: { value: [1, 2, 3] },
  objective: { metric: "value" },
};
// Another process that has the store open and keeps what it wrote in the log.
const writer = `
  const Sqlite = (await import(process.argv[1])).default;
  const sqlite = new Sqlite(process.argv[2]);
  sqlite.exec("PRAGMA wal_autocheckpoint = 0; UPDATE study SET name = 'renamed'");
  console.log("up");
  setInterval(() => {}, 1000);`;
const package_ = fileURLToPath(new URL("../../node_modules/libsql/index.js", import.meta.url));

let live: ChildProcess;
let mounted = false;
const mount = join(folder, "mount");
beforeAll(async () => {
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "made"));
  await runStudy(study, { store, kinds: kindsOf(noop) });
  for (const name of ["closed", "killed", "copied", "live"]) mkdirSync(join(folder, name));
  const copy = (name: string, ...ends: string[]) => {
    for (const end of ends) copyFileSync(store + end, join(folder, name, `s.db${end}`));
  };
  copy("closed", "");
  copy("live", "");
  const open = Store.open(store);
  open.database.exec("PRAGMA wal_autocheckpoint = 0");
  open.database.run("UPDATE study SET name = 'renamed'");
  copy("killed", "", "-wal", "-shm");
  copy("copied", "", "-wal");
  open.close();
  live = spawn(process.execPath, [
    ...["--input-type=module", "-e", writer, package_, join(folder, "live", "s.db")],
  ]);
  await new Promise((resolve) => live.stdout?.once("data", resolve));
  for (const name of ["closed", "killed", "copied", "live"]) {
    for (const file of readdirSync(join(folder, name))) chmodSync(join(folder, name, file), 0o444);
    chmodSync(join(folder, name), 0o555);
  }
  mkdirSync(mount);
  if (root && process.platform === "linux") {
    mounted = spawnSync("mount", ["--bind", "-o", "ro", folder, mount]).status === 0;
    mounted &&= spawnSync("mount", ["-o", "remount,bind,ro", mount]).status === 0;
  }
});
afterAll(() => {
  live.kill("SIGKILL");
  if (mounted) spawnSync("umount", ["--lazy", mount]);
  for (const name of ["closed", "killed", "copied", "live"]) chmodSync(join(folder, name), 0o755);
  rmSync(folder, { recursive: true, force: true });
});

/** What every verb that reads says of a store. */
async function look(path: string) {
  const page = join(tmpdir(), `filigree-sealed-${process.pid}.html`);
  const verbs = ["list", "status", "best", "export"].map((verb) => ["study", verb, "--store", path]);
  const answers = [];
  for (const words of [...verbs, ["study", "show", "3d78", "--store", path], ["report", path, "--out", page]])
    answers.push(await filigree(...words));
  rmSync(page, { force: true });
  return answers;
}

/** The same of a store that is as `made` is, under the name of the study that is expected. */
async function expected(name: string) {
  const open = Store.open(store);
  open.database.run("UPDATE study SET name = ?", name);
  open.close();
  return look(store);
}

const cases = [
  ["closed", "numbers"],
  ["killed", "renamed"],
  ["copied", "renamed"],
  ["live", "renamed"],
];

describe.skipIf(process.platform === "win32")("a store where one may not write", () => {
  it.each(cases)("%s, is read whole", async (state, name) => {
    const there = join(folder, state, "s.db");
    const before = readdirSync(join(folder, state));
    const [answers, wanted] = [await unprivileged(() => look(there)), await expected(name)];
    expect(answers.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(Array(6).fill("0"));
    expect(answers.map(({ stdout }) => stdout)).toEqual(wanted.map(({ stdout }) => stdout));
    expect(readdirSync(join(folder, state))).toEqual(before);
    expect(readdirSync(tmpdir()).filter((file) => file.startsWith("filigree-store-"))).toEqual([]);
  });

  it.each(cases)("%s, is read on a mount for reading", async (state, name) => {
    if (!mounted) return console.warn("skipped: only a superuser mounts, and not everywhere");
    const answers = await look(join(mount, state, "s.db"));
    expect(answers.map(({ stdout }) => stdout)).toEqual((await expected(name)).map(({ stdout }) => stdout));
  });

  it.each(cases)("%s, is not written, in one line", async (state, name) => {
    const path = join(folder, state, "s.db");
    const answer = await unprivileged(() => filigree("study", "delete", name, "--store", path));
    const line = `filigree: ${path}: no permission to write it or beside it; change the permissions or copy the store\n`;
    expect(answer).toEqual({ code: 2, stdout: "", stderr: line });
  });

  it("leaves nothing beside it that its owner could not write", () => {
    const shared = join(folder, "shared");
    mkdirSync(shared);
    copyFileSync(store, join(shared, "s.db"));
    chmodSync(join(shared, "s.db"), 0o444);
    chmodSync(shared, 0o777);
    // A process of its own: what a process may write it is asked of its real user.
    const look = `
      const { Database } = await import(process.argv[1]);
      const database = Database.open(process.argv[2], "read");
      console.log(database.all("SELECT id FROM trial").length);
      database.close();`;
    const module = fileURLToPath(new URL("../../dist/study/database.js", import.meta.url));
    const nobody = root ? { uid: 65534, gid: 65534 } : {};
    const reads = ["-e", "fs.readFileSync(process.argv[1])", module];
    if (spawnSync(process.execPath, reads, nobody).status !== 0) {
      return console.warn("skipped: only a superuser may read this folder");
    }
    const words = ["--input-type=module", "-e", look, module, join(shared, "s.db")];
    const { stdout, stderr } = spawnSync(process.execPath, words, nobody);
    expect(`${stdout}${stderr}`).toBe("3\n");
    expect(readdirSync(shared)).toEqual(["s.db"]);
  });

  it("is refused in one line where its log may not be read", async () => {
    const log = join(folder, "copied", "s.db-wal");
    chmodSync(log, 0);
    const { code, stderr } = await unprivileged(() =>
      filigree("study", "list", "--store", join(folder, "copied", "s.db")),
    );
    chmodSync(log, 0o444);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `filigree: ${log}: no permission to read it; choose another path or change its permissions\n`,
    });
  });
});
