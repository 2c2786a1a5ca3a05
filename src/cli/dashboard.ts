// What `filigree dashboard` does: starts the server, says where it is, and runs until it is stopped. A run that is watched
// starts one in a process of its own, so that looking costs the trials nothing.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readText } from "../files.js";
import { startDashboard } from "../web/serve/server.js";
import { interruption } from "./command.js";

export interface DashboardOptions {
  readonly port: number;
  readonly host?: string;
  readonly open?: boolean;
}

const pageFile = fileURLToPath(new URL("../web/dashboard.html", import.meta.url));

export async function dashboard(store: string, { port, host, open }: DashboardOptions): Promise<void> {
  const server = await startDashboard({
    store,
    page: readText(pageFile),
    port,
    host,
    onMistake: (error) => process.stderr.write(`${(error as Error)?.stack ?? error}\n`),
  });
  process.stdout.write(`${store}: ${server.address}\n`);
  if (host !== undefined) {
    process.stderr.write("whoever has this address can see the store; the connection is not encrypted\n");
  }
  if (open) openBrowser(server.address);
  try {
    await interruption();
  } finally {
    await server.close();
  }
}

/** Starts a dashboard beside a run and opens it. @returns what ends it. */
export function watchRun(store: string): () => void {
  const main = fileURLToPath(new URL("main.js", import.meta.url));
  // Its address goes where the run's progress goes: the standard output is for results.
  const child = spawn(process.execPath, [main, "dashboard", store, "--port", "0", "--open"], {
    stdio: ["ignore", process.stderr, process.stderr],
  });
  child.on("error", (error) => process.stderr.write(`the dashboard cannot be started: ${error.message}\n`));
  return () => child.kill();
}

// Without a desktop there is no such command, and the address is printed anyway.
function openBrowser(address: string): void {
  const command = process.platform === "darwin" ? "open" : "xdg-open";
  spawn(command, [address], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
