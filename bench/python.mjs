// A Python script that answers line for line: how the comparisons talk to PyTorch.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const command = process.env.PYTHON ?? "python3";

/**
 * Starts a script of this folder, whose first line says what it is. PYTHON names another Python than `python3`.
 * @returns that line, `ask` to send a line and receive the next, and `end`; or undefined where the script cannot run.
 */
export async function startPython(script) {
  const python = spawn(command, [fileURLToPath(new URL(script, import.meta.url))], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaints = "";
  python.stderr.on("data", (data) => {
    complaints += data;
  });
  python.on("error", ({ message }) => {
    complaints = message;
  });
  python.stdin.on("error", () => {}); // It has ended; the missing answer tells.
  const answers = createInterface(python.stdout)[Symbol.asyncIterator]();
  const { value: about } = await answers.next();
  if (about === undefined) return undefined;
  return {
    about,
    async ask(line) {
      python.stdin.write(`${line}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`${command} ${script}: ${complaints}`);
      return value;
    },
    end: () => python.stdin.end(),
  };
}

/** What to do where there is no PyTorch. */
export const noPyTorch = `PyTorch is left out: \`${command}\` does not have it; pip install torch, or name another Python in PYTHON`;
