// What holds of every page of src/web: it opens from the disk without a network, and keeps to its content security policy.
import { existsSync, readdirSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { absentPage, launch, pageAddress } from "../browser/chromium.js";

const folders = readdirSync(new URL("../../src/web/", import.meta.url)).filter((name) =>
  existsSync(new URL(`../../src/web/${name}/main.tsx`, import.meta.url)),
);

describe.each(folders)("the page %s", (name) => {
  const absent = absentPage(name);
  let browser: Browser;
  beforeAll(async () => {
    if (!absent) browser = await launch();
  });
  afterAll(() => browser?.close());

  it.skipIf(absent !== "")(
    `opens from the disk and asks for nothing else${absent && `: ${absent}`}`,
    async () => {
      const page = await browser.newPage();
      const asked: string[] = [];
      const complaints: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.goto(pageAddress(name));
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(asked.filter((address) => !/^(blob|data):/.test(address))).toEqual([pageAddress(name)]);
      expect(complaints).toEqual([]);
    },
  );
});
