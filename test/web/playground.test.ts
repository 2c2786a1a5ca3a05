// The playground, driven in Chromium as a reader drives it: opened from the disk, with no network.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { absentPage, launch, pageAddress } from "../browser/chromium.js";

const absent = absentPage("playground");

describe.skipIf(absent !== "")(`the playground${absent && `: skipped, ${absent}`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  it("runs the executor in a Worker", async () => {
    const page = await browser.newPage();
    await page.goto(pageAddress("playground"));
    await page.getByText(/^WebAssembly with/).waitFor();
    expect(await page.getByRole("status").textContent()).toMatch(/fused multiply-add$/);
  });
});
