// The playground, driven in Chromium as a reader drives it: opened from the disk, with no network. What it makes is compared with
// what the command that it names makes.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { placeLayers } from "../../src/graph/placement.js";
import { Random } from "../../src/math/random.js";
import { parseNetwork } from "../../src/network/weights.js";
import { fromAddress } from "../../src/web/playground/experiment.js";
import { subjectOf } from "../../src/web/playground/subject.js";
import { unitsOf } from "../../src/web/playground/units.js";
import { absentPage, launch, pageAddress } from "../browser/chromium.js";
import { filigree } from "../cli/command-line.js";

const absent = absentPage("playground");
const folder = mkdtempSync(join(tmpdir(), "filigree-playground-"));
afterAll(() => rmSync(folder, { recursive: true }));
/** What a busy machine may take. */
const PATIENCE = 20_000;
const eventually = <T>(of: () => T) => expect.poll(of, { timeout: PATIENCE });
const textOf = async (locator: Locator) => (await locator.textContent()) ?? "";

describe.skipIf(absent !== "")(`the playground${absent && `: skipped, ${absent}`}`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
    await context.setOffline(true);
    page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    complaints = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  const open = async (experiment = "") => {
    await page.goto(`${pageAddress("playground")}${experiment && `#${experiment}`}`);
    await page.locator(".progress strong").first().waitFor();
    await page.locator(".hash code").waitFor();
  };
  const button = (name: string | RegExp) =>
    page.getByRole("button", { name, exact: typeof name === "string" });
  const update = async () =>
    Number((await textOf(page.locator(".progress strong").first())).replace(",", ""));
  const hash = async (after: number) => {
    await page.getByText(`after update ${after}:`).waitFor();
    return textOf(page.locator(".hash code"));
  };
  const step = async (times: number) => {
    const before = await update();
    for (let i = 0; i < times; i++) await button("Step").click();
    return hash(before + times);
  };
  const small = "hidden=6&layers=1";
  /** What the page counts of the weights of the cells. */
  const counted = async () => {
    const [, present, all] = /([\d,]+) of ([\d,]+) weights/.exec(await textOf(page.locator(".hand h2")))!;
    return [present, all].map((count) => Number(count.replaceAll(",", "")));
  };

  /** The hash of the file that the page's commands write. */
  const hashByCommand = async () => {
    const commands = (await textOf(page.locator(".command"))).split("\n");
    // The page's arithmetic is that of the native executor, which the command takes by itself where there is one.
    if (commands.at(-1)!.startsWith("FILIGREE_ISA=baseline ")) vi.stubEnv("FILIGREE_ISA", "baseline");
    for (const command of commands) {
      const words = command.replace("FILIGREE_ISA=baseline ", "").split(" ").slice(2);
      const isFile = (word: string, i: number) => i > 0 && /^data(\/.*|\.csv)?$|\.safetensors$/.test(word);
      const { code, stderr } = await filigree(
        ...words.map((word, i) => (isFile(word, i) ? join(folder, word) : word)),
      );
      expect(code, stderr).toBe(0);
    }
    vi.unstubAllEnvs();
    const file = readFileSync(join(folder, "network.safetensors"));
    return createHash("sha256").update(file).digest("hex");
  };

  it("makes what the command line makes, also from a link", { timeout: 120_000 }, async () => {
    await open(small);
    const own = await step(30);
    expect(await hashByCommand()).toBe(own);

    const link = page.url();
    await page.goto("about:blank");
    await page.goto(link);
    await page.locator(".hash code").waitFor();
    expect(await step(30)).toBe(own);
  });

  it("plays, pauses, steps and is reset", async () => {
    await open(`${small}&epochs=10000`);
    expect(await update()).toBe(0);
    await button("Play").click();
    await page.waitForFunction(() => Number(document.querySelector(".progress strong")?.textContent) > 20);
    await button("Pause").click();
    await page.locator(".hash code").waitFor();
    const paused = await update();
    await step(1);
    expect(await update()).toBe(paused + 1);
    await page.locator("h1").click();
    await page.keyboard.press(".");
    await hash(paused + 2);
    await page.keyboard.press(" ");
    await button("Pause").waitFor();
    await page.keyboard.press(" ");
    await button("Play").waitFor();
    await button("Reset").click();
    await hash(0);
  });

  it("prunes by hand, regrows, and keeps what was done in the link", { timeout: 120_000 }, async () => {
    await open(small);
    await step(5);
    const [, all] = await counted();
    const threshold = page.getByRole("slider", { name: "Threshold" });
    await threshold.fill("0.4");
    await page.getByRole("button", { name: /^Cut [\d,]+ below/ }).click();
    await page.getByText(/not measured yet/).waitFor({ state: "detached" });
    const [cut] = await counted();
    expect(cut).toBeLessThan(all);
    await page.getByLabel("Percent to prune").fill("80");
    await button("Prune").click();
    await eventually(async () => (await counted())[0]).toBeLessThanOrEqual(Math.ceil(0.2 * all));
    await button("Regrow all").click();
    await eventually(async () => (await counted())[0]).toBe(all);

    // A single weight, with the mouse and by keyboard.
    const map = page.locator(".heat canvas").first();
    await map.click({ position: { x: 5, y: 5 } });
    await eventually(async () => (await counted())[0]).toBe(all - 1);
    await page.locator(".pointed").getByText("absent").waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await eventually(async () => (await counted())[0]).toBe(all - 2);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await eventually(async () => (await counted())[0]).toBe(all - 1);
    await page.getByText(/Changed by hand \d times/).waitFor();

    const own = await step(4);
    expect(decodeURIComponent(page.url())).toMatch(/edits=5b0\.\d+;5p80;5a;5c\d+,\d+;5r\d+$/);
    const link = page.url();
    await page.goto("about:blank");
    await page.goto(link);
    await page.locator(".hash code").waitFor();
    expect(await step(9)).toBe(own);
  });

  it("wires units as a graph, whose edges are cut and drawn", { timeout: 120_000 }, async () => {
    const wiring = "cell=rnn-tanh&wiring=erdos-renyi&units=6&edges=7";
    await open(wiring);
    const [download] = await Promise.all([page.waitForEvent("download"), button("Save the graph").click()]);
    await download.saveAs(join(folder, "graph.safetensors"));
    const own = await step(20);
    expect(await hashByCommand()).toBe(own);

    const units = unitsOf(subjectOf(fromAddress(wiring), {}).network)!;
    const graph = page.locator(".unit-graph");
    await graph.scrollIntoViewIfNeeded();
    const box = (await graph.boundingBox())!;
    const { nodes, bend } = placeLayers(units.layers, units.edges, { ...box, most: 6 });
    const edges = async () => Number.parseInt(await textOf(page.locator(".units h2 .quiet")), 10);
    expect(await edges()).toBe(7);
    const straight = units.edges.find((edge) => !bend(...edge))!;
    const [from, to] = straight.map((unit) => nodes.get(unit)!);
    const position = { x: 0.6 * from.x + 0.4 * to.x, y: 0.6 * from.y + 0.4 * to.y };
    await graph.click({ position });
    await eventually(edges).toBe(6);
    await page.getByText(/^From unit \d of layer \d to unit \d of layer \d: cut/).waitFor();
    await graph.click({ position });
    await eventually(edges).toBe(7);
    await page.getByText(/^From unit \d of layer \d to unit \d of layer \d: state -?\.?\d/).waitFor();

    // A line between units that no edge joins.
    const [first, last] = [units.layers[0][0], units.layers.at(-1)!.at(-1)!];
    const joined = units.edges.some(([a, b]) => a === first && b === last);
    const [begin, end] = [first, last].map((unit) => nodes.get(unit)!);
    await page.mouse.move(box.x + end.x, box.y + end.y);
    await page.mouse.down();
    await page.mouse.move(box.x + begin.x, box.y + begin.y, { steps: 4 });
    await page.mouse.up();
    await eventually(edges).toBe(joined ? 6 : 8);
    await page.mouse.move(0, 0);

    // By keyboard, and back again.
    await graph.focus();
    for (const key of ["Enter", "ArrowRight", "Enter"]) await page.keyboard.press(key);
    const changed = await page.locator(".units p").textContent();
    expect(changed).toMatch(/^From unit 1 of layer 1 to unit \d of layer 2/);
    const after = await edges();
    const link = page.url();
    await page.goto("about:blank");
    await page.goto(link);
    await page.locator(".hash code").waitFor();
    expect(await edges()).toBe(7);
    await step(20);
    await eventually(edges).toBe(after);

    // Another seed is another graph.
    const seed = page.getByRole("textbox", { name: "Seed", exact: true });
    await seed.fill("5");
    await seed.press("Enter");
    await hash(0);
    await eventually(edges).toBe(7);
    await graph.hover({ position });
  });

  it("goes back in the course, and on from there", { timeout: 120_000 }, async () => {
    await open(`${small}&method=rigl&density=0.3`);
    const early = await step(12);
    await step(11);
    const moments = page.getByRole("slider", { name: "Moment of the training" });
    await moments.fill("1");
    await page.getByText("update 10: density").waitFor();
    expect(await update()).toBe(10);
    await button("Back to now").click();
    await eventually(update).toBe(23);
    await moments.fill("1");
    await eventually(update).toBe(10);
    await button("Rewind to here").click();
    await hash(10);
    expect(await step(2)).toBe(early);
  });

  it("reads strings, and says the state of its automaton", async () => {
    await open(small);
    await page.getByLabel("String to read").fill("BTSSXSE");
    await eventually(() => page.locator(".letter").count()).toBe(7);
    await page.getByRole("slider", { name: "Step of the sequence" }).fill("3");
    await page.getByRole("img", { name: /now in state 2$/ }).waitFor();
    await page.getByText("step 4 of 7").waitFor();
    expect(await textOf(page.getByRole("list", { name: /says after this step/ }))).toMatch(
      /in the language\d+.%not in it\d+.%/,
    );
    await page.getByLabel("String to read").fill("Bé");
    await page
      .getByRole("alert")
      .getByText(/^the string: character 2 .* is beyond the vocabulary/)
      .waitFor();
    await page.getByLabel("Example").selectOption({ index: 1 });
    await eventually(() => page.locator(".letter").count()).toBeGreaterThan(4);
    await page.locator(".strip").hover({ position: { x: 20, y: 10 } });
    await page.getByText(/^unit \d+: -?.?\d\.\d\d$/).waitFor();
  });

  it("takes every setting, and what is none is not taken", { timeout: 120_000 }, async () => {
    await open(small);
    for (const [label, value] of [
      ["Cell", "lstm"],
      ["Schedule", "cosine"],
      ["Sparsity", "gradual"],
      ["Pattern", "4x1"],
    ]) {
      await page.getByRole("combobox", { name: label, exact: true }).selectOption(value);
      await hash(0);
    }
    for (const [label, value] of [
      ["Units", "8"],
      ["Layers", "2"],
      ["Density", "0.5"],
      ["Learning rate", "0.01"],
      ["Epochs", "1"],
      ["Batch", "500"],
      ["Seed", "7"],
    ]) {
      const field = page.getByRole("textbox", { name: label, exact: true });
      await field.fill(value);
      await field.press("Enter");
      await hash(0);
    }
    const address = new URLSearchParams(new URL(page.url()).hash.slice(1));
    expect(Object.fromEntries(address)).toEqual({
      hidden: "8",
      cell: "lstm",
      schedule: "cosine",
      method: "gradual",
      pattern: "4x1",
      density: "0.5",
      rate: "0.01",
      epochs: "1",
      batch: "500",
      seed: "7",
    });
    const units = page.getByRole("textbox", { name: "Units", exact: true });
    await units.fill("many");
    await units.press("Enter");
    await eventually(() => units.inputValue()).toBe("8");
    await button("Play").click();
    await page.getByText("done", { exact: true }).waitFor();
    const [present, all] = await counted();
    expect(present).toBe(all / 2);
  });

  it("saves what the command line reads, and opens what it wrote", { timeout: 120_000 }, async () => {
    await open(`${small}&task=tomita-4`);
    const own = await step(3);
    const [download] = await Promise.all([page.waitForEvent("download"), button("Save the network").click()]);
    const file = join(folder, "saved.safetensors");
    await download.saveAs(file);
    const bytes = readFileSync(file);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(own);
    expect(parseNetwork(bytes, file).size).toBeGreaterThan(100);
    await page.getByLabel("Open a network, a text or data").setInputFiles(file);
    await page.locator(".begun").waitFor();
    await hash(0);
    expect(await textOf(page.locator(".hash code"))).toBe(own);
    await button("New one").click();
    await page.getByRole("combobox", { name: "Cell", exact: true }).waitFor();
  });

  it("trains on files that are dropped on it, and refuses what is none", { timeout: 120_000 }, async () => {
    await open(small);
    const rows = Array.from(
      { length: 40 },
      (_, i) => `${"ab".repeat(1 + (i % 5))}${i % 2 ? "c" : "d"},${i % 2 ? "yes" : "no"}`,
    );
    const chosen = page.getByLabel("Open a network, a text or data");
    await chosen.setInputFiles({
      name: "mine.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(`string,label\n${rows.join("\n")}`),
    });
    await page.getByText("30 strings to learn from, 10 to test with").waitFor();
    expect(await textOf(page.locator(".command"))).toContain("--data mine.csv");
    await chosen.setInputFiles({
      name: "bad.csv",
      mimeType: "text/csv",
      buffer: Buffer.from("string,label\nabc"),
    });
    await page
      .getByRole("alert")
      .getByText(/^bad\.csv/)
      .waitFor();
    const text = "one two three four five six seven eight nine ten. ".repeat(60);
    await chosen.setInputFiles({ name: "mine.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
    await page.getByRole("heading", { name: "What it writes" }).waitFor();
    expect(await page.getByRole("textbox", { name: "Text", exact: true }).inputValue()).toBe(text);
    // The page itself takes what is dropped.
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File(["string,label\naa,1\nab,0\naab,1\naba,0\naaa,1\nabb,0\n"], "dropped.csv"));
      document
        .querySelector(".page")!
        .dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
    });
    await page.getByText(/strings to learn from/).waitFor();
    expect(page.url()).toContain("file=dropped.csv");
  });

  it.each([
    { learn: "forecast", columns: "time,load,wind", unit: "steps", says: /^load: .* 1 step ahead/ },
    { learn: "label", columns: "sequence,time,load,label", unit: "sequences", says: /^high( ✓)?\d/ },
  ])("$learn: learns of numbers what it is told to", { timeout: 120_000 }, async (own) => {
    const random = new Random(own.learn);
    const row = (t: number) => {
      const load = (Math.sin(t / 5) + 0.1 * random.normal()).toFixed(3);
      return own.learn === "forecast"
        ? `${t},${load},${random.normal().toFixed(3)}`
        : `${Math.floor(t / 40)},${t},${load},${Math.sin(t / 5) > 0 ? "high" : "low"}`;
    };
    const text = [own.columns, ...Array.from({ length: 400 }, (_, t) => row(t))].join("\n");
    writeFileSync(join(folder, "data.csv"), text);
    await open("hidden=6&layers=1&batch=4&epochs=2");
    await page.getByLabel("Open a network, a text or data").setInputFiles(join(folder, "data.csv"));
    await page
      .getByRole("alert")
      .getByText(/^data\.csv/)
      .waitFor();
    await page.getByRole("combobox", { name: "To learn", exact: true }).selectOption(own.learn);
    await page.getByText(new RegExp(`${own.unit} to learn from`)).waitFor();
    await hash(0);
    await page.getByText(own.says).first().waitFor();
    await button("Play").click();
    await page.getByText(/after update [1-9]/).waitFor();
    expect(await hashByCommand()).toBe(await textOf(page.locator(".hash code")));
    const score = own.learn === "forecast" ? /^Squared error, held out \d/ : /^Accuracy [\d.]+\s%/;
    await page.locator("h2", { hasText: score }).waitFor();
  });

  it("waits for the file of a link, and then does as it says", { timeout: 120_000 }, async () => {
    await page.goto(
      `${pageAddress("playground")}#task=text&file=playground.txt&hidden=6&layers=1&batch=2&edits=2p50`,
    );
    await page
      .getByRole("alert")
      .getByText(/^playground\.txt: the file of this experiment is not here/)
      .waitFor();
    await page.getByLabel("Open a network, a text or data").setInputFiles({
      name: "playground.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("one two three four five six seven eight nine ten. ".repeat(60)),
    });
    await hash(0);
    await step(3);
    const [present, all] = await counted();
    expect(present).toBeLessThan(0.6 * all);
  });

  it("reads digits that are drawn", { timeout: 120_000 }, async () => {
    await open("task=digits&hidden=8&layers=1&epochs=1");
    await page.getByText("1,348 sequences to learn from, 449 to test with").waitFor();
    const before = await textOf(page.locator(".bars"));
    await button("Clear").click();
    const pad = page.getByRole("img", { name: "The digit: draw on it" });
    const box = (await pad.boundingBox())!;
    await page.mouse.move(box.x + 60, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 120, { steps: 12 });
    await page.mouse.up();
    await eventually(() => textOf(page.locator(".bars"))).not.toBe(before);
    const [download] = await Promise.all([page.waitForEvent("download"), button("Save the data").click()]);
    await download.saveAs(join(folder, "digits.npz"));
    expect(readFileSync(join(folder, "digits.npz"))).toEqual(
      readFileSync(new URL("../../data/digits.npz", import.meta.url)),
    );
    await button("Play").click();
    await button("Play").waitFor();
    await eventually(() => page.locator(".confusion td").count()).toBe(1 + 10 * 10);
  });

  it.each([
    ["laptop", { width: 1280, height: 800 }],
    ["phone", { width: 390, height: 844 }],
  ])("is no wider than a %s, and every control has a name", async (_, viewport) => {
    await page.setViewportSize(viewport);
    await open(small);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      viewport.width,
    );
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll("button, input, select, textarea, canvas")]
        // What stands for an image has its name.
        .filter((element) => !element.parentElement?.closest("[role=img]"))
        .filter((element) => {
          const labels = (element as HTMLInputElement).labels;
          return !element.getAttribute("aria-label") && !labels?.length && !element.textContent?.trim();
        })
        .map(({ outerHTML }) => outerHTML),
    );
    expect(unnamed).toEqual([]);
  });
});

it("the command line serves it", async () => {
  writeFileSync(join(folder, "nothing"), "");
  const { spawn } = await import("node:child_process");
  const program = new URL("../../dist/cli/main.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, "playground", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const said = await new Promise<string>((resolve) => {
      let text = "";
      child.stdout.on("data", (part) => {
        text += part;
        if (text.trimEnd().endsWith("}")) resolve(text);
      });
    });
    const { address } = JSON.parse(said) as { address: string };
    expect(new URL(address).hostname).toBe("127.0.0.1");
    const answer = await fetch(address);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await answer.text()).toBe(
      readFileSync(new URL("../../dist/web/playground.html", import.meta.url), "utf8"),
    );
    expect((await fetch(`${address}package.json`)).status).toBe(404);
    expect((await fetch(address, { method: "POST" })).status).toBe(405);
    const taken = await filigree("playground", "--port", new URL(address).port);
    expect(taken).toMatchObject({ code: 2 });
    expect(taken.stderr).toMatch(/127\.0\.0\.1:\d+: another program listens there; give another --port/);
  } finally {
    child.kill("SIGTERM");
  }
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
});
