// A real Redis server for tests: on a free loopback port, with its files in a folder of its own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/** Why Redis tests cannot run here, or undefined. */
export const noRedis =
  spawnSync("redis-server", ["--version"]).status === 0
    ? undefined
    : "skipped: no redis-server on this machine (install the package redis-server)";

export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), "filigree-redis-"));
  private readonly port: number;
  private readonly options: readonly string[];
  private process: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.options = options;
  }

  static async start(...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.run();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, again if need be, with what its append-only file holds. @param more options for this time */
  async run(...more: string[]): Promise<void> {
    const args = [
      "--port",
      String(this.port),
      "--bind",
      "127.0.0.1",
      "--dir",
      this.folder,
      "--appendonly",
      "yes",
    ];
    this.process = spawn("redis-server", [...args, "--save", "", ...this.options, ...more], {
      stdio: "ignore",
    });
    for (let attempt = 0; attempt < 200; attempt++) {
      if (/^(\+PONG|-NOAUTH)/.test(await this.ping())) return;
      await setTimeout(20);
    }
    throw new Error("redis-server does not answer");
  }

  private ping(): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(this.port, "127.0.0.1", () => socket.write("PING\r\n"));
      socket.once("data", (reply) => {
        resolve(String(reply));
        socket.destroy();
      });
      socket.once("error", () => resolve(""));
    });
  }

  /** Kills it without warning. */
  async kill(): Promise<void> {
    const { process } = this;
    if (process?.exitCode !== null) return;
    const gone = new Promise((resolve) => process.once("exit", resolve));
    process.kill("SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
