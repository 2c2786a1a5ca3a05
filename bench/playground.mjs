// How fast the playground trains, and how smoothly it draws, in a headless Chromium that draws without a graphics card: updates and
// frames a second while heat maps are on, the longest time between two frames, and when the page from the disk first showed
// something. Needs `npm run build` and Chromium ($CHROMIUM, or on the path).
//   node bench/playground.mjs [EXPERIMENT …]        an experiment is what the page has after #
import { cpus } from "node:os";
import { chromium } from "playwright-core";

const WARM = 2000;
const MEASURED = 8000;

const own = process.argv.slice(2);
const experiments =
  own.length > 0
    ? own
    : [
        "hidden=50&layers=3&epochs=10000",
        "hidden=50&layers=3&epochs=10000&task=embedded-reber",
        "hidden=50&layers=3&epochs=10000&method=rigl&density=0.1",
        "wiring=watts-strogatz&epochs=10000",
      ];

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
console.log(`${cpus()[0].model}, Chromium ${browser.version()}\n`);
console.log("| experiment | updates a second | frames a second | longest frame, ms | first paint, ms |");
console.log(`|${"---|".repeat(5)}`);
for (const experiment of experiments) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${new URL("../dist/web/playground.html", import.meta.url).href}#${experiment}`);
  await page.locator(".hash code").waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByType("paint")[0].startTime);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.waitForTimeout(WARM);
  const { updates, frames, longest } = await page.evaluate(measure, MEASURED);
  console.log(
    `| \`${experiment}\` | ${updates.toFixed(0)} | ${frames.toFixed(0)} | ${longest.toFixed(0)} | ${paint.toFixed(0)} |`,
  );
  await page.close();
}
await browser.close();

/** In the page: updates and frames a second over so many milliseconds, and the longest frame. */
function measure(milliseconds) {
  const update = () => Number(document.querySelector(".progress strong").textContent.replaceAll(",", ""));
  const [begin, first] = [performance.now(), update()];
  let [frames, longest, last] = [0, 0, begin];
  return new Promise((resolve) => {
    const frame = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      frames++;
      const seconds = (now - begin) / 1000;
      if (now - begin < milliseconds) requestAnimationFrame(frame);
      else resolve({ updates: (update() - first) / seconds, frames: frames / seconds, longest });
    };
    requestAnimationFrame(frame);
  });
}
