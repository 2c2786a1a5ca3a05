// The dashboard, driven in Chromium as a reader drives it: every control once, on a store that the server reads while a study runs,
// and on one that is dropped on the page from the disk.
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Download, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { kinds } from "../../src/experiments/kinds.js";
import { StoreReader } from "../../src/study/reading.js";
import { runStudy } from "../../src/study/runner.js";
import { Store } from "../../src/study/store.js";
import { type Dashboard, startDashboard } from "../../src/web/serve/server.js";
import { absentPage, launch, pageAddress } from "../browser/chromium.js";
import { testFolder } from "../study/folder.js";
import { testKinds } from "../study/kinds.js";

const absent = absentPage("dashboard");
const pageFile = fileURLToPath(new URL("../../dist/web/dashboard.html", import.meta.url));
const path = testFolder();

const study = {
  name: "sparse",
  kind: "train",
  fixed: {
    data: { count: 200 },
    hidden: 6,
    epochs: 3,
    protocol: "corrected",
    sparsify: { method: "gradual" },
  },
  grid: { cell: ["gru", "lstm"], "sparsify.density": [0.1, 0.3, 1] },
  random: { draws: 2, values: { learningRate: { logUniform: [0.001, 0.1] as [number, number] } } },
  replicates: 2,
  objective: { metric: "testAccuracy" },
};

// A browser on a machine that does much else takes its time.
vi.setConfig({ testTimeout: 180_000 });

describe.skipIf(absent !== "")(`the dashboard${absent && `: skipped, ${absent}`}`, () => {
  let browser: Browser;
  let server: Dashboard;
  let page: Page;
  const store = path("sparse.db");
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await launch();
    await runStudy(study, { store, kinds });
    server = await startDashboard({
      store,
      page: readFileSync(pageFile, "utf8"),
      port: 0,
      onMistake: (error) => complaints.push(String(error)),
    });
    page = await opened();
    await page.goto(server.address);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    expect(complaints).toEqual([]);
  });

  /** A new page whose errors are complaints. */
  async function opened(): Promise<Page> {
    const context = await browser.newContext({
      acceptDownloads: true,
      viewport: { width: 1280, height: 900 },
    });
    const made = await context.newPage();
    made.setDefaultTimeout(120_000);
    made.on("pageerror", (error) => complaints.push(String(error.stack)));
    made.on("console", (message) => {
      // A server that is gone is part of a test, and browsers say it themselves.
      if (message.type() === "error" && !/net::ERR|503/.test(message.text())) complaints.push(message.text());
    });
    made.on("dialog", (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
    return made;
  }

  async function text(download: Download): Promise<string> {
    return readFileSync((await download.path())!, "utf8");
  }

  /** What a click has the browser save. */
  async function saved(of: Page, name: string | RegExp): Promise<string> {
    const [download] = await Promise.all([
      of.waitForEvent("download"),
      of.getByRole("button", { name }).first().click(),
    ]);
    return text(download);
  }

  const rowCount = async (of: Page) =>
    Number(await of.getByRole("table", { name: "trials" }).getAttribute("aria-rowcount")) - 1;
  const cells = async (of: Page, column: number) =>
    (await of.locator(`.grid tbody tr td:nth-child(${column})`).allTextContents()).slice(0, 24);
  const chosenIn = (of: Page) => new URLSearchParams(new URL(of.url()).hash.split("?")[1] ?? "");

  it("leads from the studies to a table that is sorted and filtered", async () => {
    await page.getByRole("heading", { name: "Studies" }).waitFor();
    await page.getByText("24 of 24 finished").waitFor();
    await page.getByText("Nobody works on this store").waitFor();
    await page.getByRole("heading", { name: "sparse" }).getByRole("link").click();
    await page.getByRole("table", { name: "trials" }).waitFor();
    expect(await rowCount(page)).toBe(24);
    const reader = StoreReader.open(store);
    const best = [...reader.rows("sparse")].sort((a, b) => b.summary.testAccuracy - a.summary.testAccuracy);
    // The best come first.
    expect(Number((await cells(page, 5))[0])).toBeCloseTo(best[0].summary.testAccuracy, 5);
    await page.getByRole("button", { name: "number", exact: true }).click();
    expect((await cells(page, 3)).slice(0, 2)).toEqual(["23", "22"]);
    await page.getByRole("button", { name: /^number/ }).click();
    expect((await cells(page, 3)).slice(0, 2)).toEqual(["0", "1"]);
    expect(await page.getByRole("columnheader", { name: /^number/ }).getAttribute("aria-sort")).toBe(
      "ascending",
    );
    await page.getByRole("searchbox", { name: "Filter" }).fill("cell=gru sparsify.density=0.1..0.3");
    await page.getByText("8 of 24 trials").waitFor();
    expect(await rowCount(page)).toBe(8);
    expect(chosenIn(page).get("filter")).toBe("cell=gru sparsify.density=0.1..0.3");
    await page.getByRole("searchbox", { name: "Filter" }).fill("cel=gru");
    await page.getByText("there is no column cel; did you mean cell?").waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByRole("spinbutton", { name: "best" }).fill("25");
    await page.getByRole("spinbutton", { name: "best" }).press("Enter");
    await page.getByText(/^6 of 24 trials/).waitFor();
    expect(chosenIn(page).get("filter")).toBe("top=25%");
    // The address holds all of it.
    await page.reload();
    await page.getByText(/^6 of 24 trials/).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    const csv = await saved(page, "save the table as CSV");
    const lines = csv.trim().split("\r\n");
    expect(lines).toHaveLength(25);
    expect(lines[0]).toContain("learningRate");
    expect(lines[1].split(",")).toContain(
      String(best.find(({ number }) => number === 0)!.parameters.learningRate),
    );
    reader.close();
  });

  it("shows the objective over time, and opens the trial of a dot", async () => {
    await page.getByRole("link", { name: "Over time" }).click();
    await page.getByRole("heading", { name: "testAccuracy over time" }).waitFor();
    await expect.poll(() => page.locator(".drawing circle").count()).toBe(24);
    await page.getByRole("combobox", { name: "metric" }).selectOption("testLoss");
    await page.getByRole("heading", { name: "testLoss over time" }).waitFor();
    await page.getByText("lowest").waitFor();
    await page.getByRole("combobox", { name: "over" }).selectOption("number");
    await page.getByLabel("log axis").check();
    await page.getByRole("heading", { name: "testLoss over trials" }).waitFor();
    const svg = await saved(page, /as SVG$/);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).not.toContain("var(--");
    expect(svg.match(/<circle/g)).toHaveLength(24);
    expect((await saved(page, /as CSV$/)).trim().split("\r\n")).toHaveLength(25);
    const dot = (await page.locator(".drawing circle").first().boundingBox())!;
    await page.mouse.move(dot.x + dot.width / 2, dot.y + dot.height / 2);
    await page.mouse.click(dot.x + dot.width / 2, dot.y + dot.height / 2);
    await page.getByRole("heading", { name: /^Trial / }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "testLoss over trials" }).waitFor();
  });

  it("shows a metric by density or anything else, with bands over seeds", async () => {
    await page.getByRole("link", { name: "Effects" }).click();
    await page.getByRole("heading", { name: "testLoss by sparsify.density" }).waitFor();
    await page.getByRole("combobox", { name: "metric" }).selectOption("testAccuracy");
    await page.getByRole("combobox", { name: "lines" }).selectOption("cell");
    await page.getByLabel("log across").check();
    await page.getByLabel("log upwards").check();
    // A dot for each cell and density.
    await expect.poll(() => page.locator(".drawing circle").count()).toBe(6);
    const csv = (await saved(page, /as CSV$/)).trim().split("\r\n");
    expect(csv[0]).toBe("cell,sparsify.density,mean testAccuracy,low,high,trials");
    expect(csv.slice(1).map((line) => line.split(",").at(-1))).toEqual(Array(6).fill("4"));
    await page.getByRole("combobox", { name: "by", exact: true }).selectOption("cell");
    await page.getByRole("heading", { name: "testAccuracy by cell" }).waitFor();
    await page.getByRole("combobox", { name: "by", exact: true }).selectOption("testLoss");
    await page.getByRole("heading", { name: "testAccuracy by testLoss" }).waitFor();
    expect(await saved(page, /as SVG$/)).toMatch(/<\/svg>$/);
  });

  it("filters by brushes on parallel axes", async () => {
    await page.getByRole("link", { name: "Parallel" }).click();
    await page.getByRole("heading", { name: "Parallel coordinates" }).waitFor();
    const brush = async (name: string, from: number, to: number) => {
      const box = (await page.locator(`[data-axis="${name}"]`).boundingBox())!;
      const [x, at] = [box.x + box.width / 2, (place: number) => box.y + (1 - place) * box.height];
      await page.mouse.move(x, at(from));
      await page.mouse.down();
      await page.mouse.move(x, at((from + to) / 2));
      await page.mouse.move(x, at(to));
      await page.mouse.up();
    };
    await brush("cell", 0.6, 0.99);
    await page.getByText("12 of 24 trials").waitFor();
    expect(chosenIn(page).get("filter")).toBe("cell=lstm");
    await brush("sparsify.density", 0.1, 0.9);
    await expect
      .poll(() => chosenIn(page).get("filter"))
      .toMatch(/^cell=lstm sparsify\.density=[\d.]+\.\.[\d.]+$/);
    await page.getByText("4 of 24 trials").waitFor();
    const svg = await saved(page, /as SVG$/);
    expect(svg).toContain("sparsify.density");
    expect((await saved(page, /as CSV$/)).trim().split("\r\n")).toHaveLength(5);
    // The table has them too.
    await page.getByRole("link", { name: "Table" }).click();
    expect(await rowCount(page)).toBe(4);
    await page.getByRole("link", { name: "Parallel" }).click();
    for (const name of ["cell", "sparsify.density"]) await brush(name, 0.5, 0.5);
    await page.getByText("24 of 24 trials").waitFor();
    await page.getByText("Axes").click();
    await page.getByRole("checkbox", { name: "testLoss", exact: true }).check();
    await expect.poll(() => page.locator("[data-axis]").count()).toBe(5);
    await page.getByRole("checkbox", { name: "cell", exact: true }).uncheck();
    await expect.poll(() => page.locator("[data-axis]").count()).toBe(4);
    const box = page
      .locator(".axes > span", { hasText: "learningRate" })
      .getByRole("checkbox", { name: "log" });
    const before = await box.isChecked();
    await box.click();
    expect(await box.isChecked()).toBe(!before);
    expect(chosenIn(page).get("logs")).toBe(`${before ? "-" : ""}learningRate`);
  });

  it("says what matters", async () => {
    await page.getByRole("link", { name: "Importance" }).click();
    await page.getByText(/reaches an R² of/).waitFor();
    await expect.poll(() => page.locator(".drawing rect").count()).toBeGreaterThanOrEqual(3);
    await page.getByRole("combobox", { name: "metric" }).selectOption("nonzeros");
    await page.getByRole("heading", { name: "What matters for nonzeros" }).waitFor();
    await page.getByText(/reaches an R² of/).waitFor();
    const csv = (await saved(page, /as CSV$/)).trim().split("\r\n");
    expect(csv[1]).toMatch(/^sparsify\.density,/);
    expect(await saved(page, /as SVG$/)).toContain("sparsify.density");
  });

  it("shows a trial: curves, masks, what differs from the best, its log, files and the command", async () => {
    const reader = StoreReader.open(store);
    const worst = [...reader.rows("sparse")].sort(
      (a, b) => a.summary.testAccuracy - b.summary.testAccuracy,
    )[0];
    const { identity } = worst;
    reader.close();
    await page.goto(`${server.address}#/trial/${identity.slice(0, 16)}`);
    await page.getByRole("heading", { name: `Trial ${identity.slice(0, 12)}` }).waitFor();
    await page.getByRole("heading", { name: "accuracy" }).waitFor();
    await page.getByRole("slider", { name: "smoothing" }).fill("0.6");
    expect(chosenIn(page).get("smooth")).toBe("0.6");
    await page.getByLabel("log axis").check();
    const svg = await saved(page, "save accuracy as SVG");
    expect(svg).toContain("<path");
    expect(svg).toMatch(/testAccuracy<\/text>.*trainAccuracy<\/text>/);
    const csv = (await saved(page, "save accuracy as CSV")).trim().split("\r\n");
    expect(csv[0]).toBe("curve,epoch,value,smoothed");
    expect(csv).toHaveLength(1 + 2 * 3);
    const density = worst.parameters["sparsify.density"] as number;
    if (density < 1) {
      await page.getByRole("heading", { name: "Masks of its network" }).waitFor();
      const masks = (await saved(page, "save Masks of its network as CSV")).trim().split("\r\n").slice(1);
      const [weights, left] = [2, 3].map((column) =>
        masks.reduce((sum, line) => sum + Number(line.split(",")[column]), 0),
      );
      expect([weights, left]).toEqual([worst.summary.weights, worst.summary.nonzeros]);
      expect(await saved(page, "save Masks of its network as SVG")).toContain("data:image/png");
      // After the first epoch there were more.
      await page.getByRole("slider", { name: "Moment of the training" }).fill("0");
      await page.getByText("after epoch 1", { exact: true }).waitFor();
      const early = (await saved(page, "save Masks of its network as CSV")).trim().split("\r\n").slice(1);
      expect(early.reduce((sum, line) => sum + Number(line.split(",")[3]), 0)).toBeGreaterThan(left);
    } else await page.getByText("no masks to see").waitFor();
    await page.getByRole("heading", { name: "Configuration" }).waitFor();
    const few = await page.locator("section", { hasText: "Configuration" }).locator("tbody tr").count();
    await page.getByLabel("all of it").check();
    await expect
      .poll(() => page.locator("section", { hasText: "Configuration" }).locator("tbody tr").count())
      .toBeGreaterThan(few);
    await page.getByText(/finished after/).waitFor();
    expect(await page.locator("pre.command").textContent()).toMatch(
      /^printf %s '\{"name":"repeat","kind":"train"/,
    );
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "network.safetensors" }).click(),
    ]);
    expect(readFileSync((await download.path())!).length).toBeGreaterThan(1_000);
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByRole("button", { name: /Copied|mark the text/ }).waitFor();
    await page.getByRole("button", { name: "Choose to compare" }).click();
    await page.getByRole("button", { name: "Chosen to compare" }).waitFor();
  });

  it("compares trials that were chosen", async () => {
    await page.getByRole("link", { name: "sparse", exact: true }).click();
    await page
      .getByRole("checkbox", { name: /^compare / })
      .nth(0)
      .check();
    await page
      .getByRole("checkbox", { name: /^compare / })
      .nth(1)
      .check();
    await page.getByRole("link", { name: "Compare 3" }).click();
    await page.getByRole("heading", { name: "3 trials" }).waitFor();
    await page.getByRole("heading", { name: "testAccuracy" }).waitFor();
    expect((await saved(page, "save testAccuracy as CSV")).trim().split("\r\n")).toHaveLength(1 + 3 * 3);
    await page.reload();
    await page.getByRole("heading", { name: "3 trials" }).waitFor();
    await page.goto(`${server.address}#/compare`);
    await page.getByText("Choose at least two trials").waitFor();
    await page.goBack();
  });

  it("keeps notes and tags beside the store", async () => {
    await page.goto(`${server.address}#/study/sparse`);
    await page.getByText("Note and tags").first().click();
    await page.getByLabel("Note on the study").fill("the first <b>study</b>");
    await page.getByLabel("Tags").fill("done, to publish");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByText("kept beside the store").waitFor();
    const about = JSON.parse(readFileSync(`${store}.notes.json`, "utf8")).notes["study:sparse"];
    expect(about).toEqual({ text: "the first <b>study</b>", tags: ["done", "to-publish"] });
    await page.locator(".grid a").first().click();
    await page.getByRole("heading", { name: /^Trial/ }).waitFor();
    await page.getByText("Note and tags").click();
    await page.getByLabel("Tags").fill("odd");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByText("kept beside the store").waitFor();
    await page.goto(`${server.address}#/study/sparse?filter=tag%3Dodd`);
    await page.getByText("1 of 24 trials").waitFor();
  });

  it("follows a run, says when the server or the store is gone, and goes on when they are back", async () => {
    const file = path("live.db");
    const walks = {
      name: "walks",
      kind: "walk",
      fixed: { steps: 5, epochs: 3, sleep: 60 },
      grid: { rate: [3.6, 3.7, 3.8] },
      replicates: 4,
    };
    const writer = Store.open(file);
    await runStudy(walks, { store: writer, kinds: testKinds, signal: AbortSignal.abort() });
    const options = {
      store: file,
      page: readFileSync(pageFile, "utf8"),
      onMistake: (error: unknown) => complaints.push(String(error)),
    };
    let live = await startDashboard({ ...options, port: 0 });
    const { port } = new URL(live.address);
    const watching = await opened();
    await watching.goto(`${live.address}#/study/walks?sort=number`);
    await watching.getByText("0 of 12 finished").waitFor();
    const seen: number[] = [];
    const running = runStudy(walks, { store: writer, kinds: testKinds, jobs: 2 });
    const numbers = setInterval(async () => {
      seen.push(await watching.locator(".grid .state.finished").count());
    }, 200);
    await running;
    await watching.getByText("12 of 12 finished").waitFor();
    await expect.poll(() => watching.locator(".grid .state.finished").count()).toBe(12);
    clearInterval(numbers);
    expect(seen.some((count) => count > 0 && count < 12)).toBe(true);
    writer.close();
    await live.close();
    await watching.getByText("the server does not answer").waitFor();
    live = await startDashboard({ ...options, port: Number(port) });
    await watching.getByText("live", { exact: true }).waitFor({ timeout: 30_000 });
    renameSync(file, `${file}.moved`);
    for (const end of ["-wal", "-shm"]) rmSync(file + end, { force: true });
    await watching.getByText("the store is not there any more").waitFor();
    // What was read of it stays.
    expect(await watching.locator(".grid .state.finished").count()).toBe(12);
    renameSync(`${file}.moved`, file);
    await watching.getByText("live", { exact: true }).waitFor();
    await expect.poll(() => watching.locator(".grid .state.finished").count()).toBe(12);
    await watching.context().close();
    await live.close();
  });

  it("shows a hostile store as text", async () => {
    const file = path("hostile.db");
    const writer = Store.open(file);
    const markup = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
    const { signal } = new AbortController();
    await runStudy(
      { name: "values", kind: "noop", grid: { value: [1, 2, 3] } },
      { store: writer, kinds: testKinds, signal },
    );
    const { database } = writer;
    database.run("UPDATE study SET name = ?", markup);
    database.run("UPDATE metric SET name = ?", markup);
    database.run("UPDATE trial SET error = ?, state = 'failed' WHERE id = 1", markup.repeat(200_000));
    database.run("UPDATE attempt SET error = ?, machine = ?", markup.repeat(200_000), markup);
    database.run("UPDATE member SET parameters = ?", JSON.stringify({ [markup]: markup, value: 1 }));
    database.run("INSERT INTO artifact SELECT 1, ?, id FROM content LIMIT 1", markup);
    const hostile = await startDashboard({
      store: file,
      page: readFileSync(pageFile, "utf8"),
      port: 0,
      onMistake: (error) => complaints.push(String(error)),
    });
    const careful = await opened();
    await careful.goto(hostile.address);
    await careful.getByRole("link", { name: markup }).first().click();
    await careful.getByRole("table", { name: "trials" }).waitFor();
    for (const name of ["Over time", "Effects", "Parallel", "Importance", "Table"]) {
      await careful.getByRole("link", { name, exact: true }).click();
      await careful.waitForTimeout(100);
    }
    await careful.locator(".grid .row", { hasText: "failed" }).locator("a").click();
    await careful.getByText("not shown: the error beyond").waitFor();
    expect(await careful.locator("main img, main script").count()).toBe(0);
    await careful.context().close();
    await hostile.close();
    writer.close();
  });

  it("reads a store that is dropped on it from the disk, with its log and its notes, and without a network", async () => {
    const folder = path("");
    const [copy, log] = [`${folder}/copy.db`, `${folder}/copy.db-wal`];
    const writer = Store.open(`${folder}/used.db`);
    await runStudy(
      { name: "walks", kind: "walk", fixed: { steps: 5 }, grid: { rate: [3.6, 3.7] } },
      { store: writer, kinds: testKinds },
    );
    copyFileSync(`${folder}/used.db`, copy);
    copyFileSync(`${folder}/used.db-wal`, log);
    writer.close();
    const notes = `${folder}/copy.db.notes.json`;
    writeFileSync(
      notes,
      JSON.stringify({ filigreeNotes: 1, notes: { "study:walks": { text: "kept", tags: ["seen"] } } }),
    );
    const offline = await opened();
    await offline.context().setOffline(true);
    await offline.goto(pageAddress("dashboard"));
    await offline.getByRole("heading", { name: "Drop a store here" }).waitFor();
    const input = offline.locator('input[type="file"]');
    await input.setInputFiles([fileURLToPath(import.meta.url)]);
    await offline.getByText(/cannot be read: it is no SQLite database/).waitFor();
    await input.setInputFiles([copy, log, notes]);
    await offline.getByText("2 of 2 finished").waitFor();
    await offline.getByText("seen", { exact: true }).waitFor();
    await offline.getByRole("link", { name: "walks" }).first().click();
    await offline.getByRole("table", { name: "trials" }).waitFor();
    expect(await rowCount(offline)).toBe(2);
    await offline.locator(".grid a").first().click();
    await offline.getByRole("heading", { name: "position" }).waitFor();
    await offline.getByText("Note and tags").click();
    await offline.getByLabel("Tags").fill("odd");
    await offline.getByRole("button", { name: "Keep" }).click();
    await offline.getByText("kept in this page").waitFor();
    const written = JSON.parse(await saved(offline, "Save notes"));
    expect(Object.values(written.notes)).toEqual([
      { text: "kept", tags: ["seen"] },
      { text: "", tags: ["odd"] },
    ]);
    // A real store of networks, by the same way: the file alone, as it was closed.
    await input.setInputFiles([store]);
    await offline.goto(`${pageAddress("dashboard")}#/study/sparse/effects`);
    await expect.poll(() => offline.locator(".drawing circle").count()).toBe(6);
    await offline.context().close();
  });
});
