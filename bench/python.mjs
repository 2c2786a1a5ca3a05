// A Python script that answers line for line: how the comparisons talk to PyTorch.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const command = process.env.PYTHON ?? "python3";

/**
 * Starts a script of this folder, whose first line says what it is. PYTHON names another Python than `python3`.
 * @returns that line, `ask` to send a line and receive the next, and `end`; or, in a line, why the script does not run.
 */
export async function startPython(script) {
  // These tell a system's OpenBLAS which processor it is on; PyTorch's own libraries are to find that out for themselves.
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env;
  const python = spawn(command, [fileURLToPath(new URL(script, import.meta.url))], {
    stdio: ["pipe", "pipe", "pipe"],
    env,
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
  if (about === undefined) {
    const reason = complaints.trim().split("\n").at(-1);
    return {
      absent: `there is no PyTorch (${command}: ${reason}); pip install torch, or name a Python that has it in PYTHON`,
    };
  }
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
