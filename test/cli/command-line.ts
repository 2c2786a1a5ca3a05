// Runs a command line in this process and catches what it prints.
import { vi } from "vitest";
import { run } from "../../src/cli/program.js";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param words what follows `filigree`. */
export async function filigree(...words: string[]): Promise<Ran> {
  const texts = { stdout: "", stderr: "" };
  const catching = (stream: "stdout" | "stderr") =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      texts[stream] += String(text);
      return true;
    });
  const spies = [catching("stdout"), catching("stderr")];
  try {
    const code = await run(words);
    return { code, ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
