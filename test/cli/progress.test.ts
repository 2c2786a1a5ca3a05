// What a person sees of long work, on a terminal and elsewhere.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProgressBar } from "../../src/cli/command.js";
import { studyProgress } from "../../src/cli/study-progress.js";
import { parseStudy } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { testKinds } from "../study/kinds.js";

let written = "";
const { isTTY } = process.stderr;
beforeEach(() => {
  written = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.stderr.isTTY = isTTY;
});

describe("on a terminal", () => {
  it("neither the cursor nor the wrapping of lines depends on a bar's end", () => {
    process.stderr.isTTY = true;
    const bar = new ProgressBar("work");
    bar.update(0.5);
    bar.stop();
    const { onEvent, stop } = studyProgress(defineStudy(parseStudy({ name: "s", kind: "noop" }), testKinds));
    const progress = { total: 1, finished: 0, failed: 0, running: 0, secondsLeft: undefined };
    onEvent({ type: "begun", study: "s", progress });
    stop();
    expect(written).toContain("work ");
    expect(written).toContain("s ░");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's own
    expect(written).not.toMatch(/\x1b\[\?/);
  });
});

describe("elsewhere", () => {
  it("a line every ten seconds says how far it is", () => {
    process.stderr.isTTY = false;
    const clock = vi.spyOn(performance, "now").mockReturnValue(0);
    const bar = new ProgressBar("work");
    for (let second = 1; second <= 45; second++) {
      clock.mockReturnValue(1000 * second);
      // Nothing is heard for a while in between, for which nothing is made up.
      if (second < 15 || second > 35) bar.update(second / 50);
    }
    bar.stop();
    expect(written).toBe("work: 20 %\nwork: 72 %\n");
  });
});
