// `filigree playground`: gives the playground, one page, to a browser on this machine. The page needs no server; this one spares
// looking for its file.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { InputError, systemError } from "../errors.js";
import { readBytes } from "../files.js";
import { interruptible, Output, whole, withJson } from "./command.js";

/** Where the build has put it, seen from src/cli and from dist/cli. */
const page = new URL("../../dist/web/playground.html", import.meta.url);

export function playgroundCommand(): Command {
  const command = new Command().option("--port <n>", "port on 127.0.0.1; any free one", whole(1, 65_535));
  return withJson(command).action(servePlayground);
}

async function servePlayground(options: { port?: number; json?: boolean }): Promise<void> {
  const file = fileURLToPath(page);
  const content = readBytes(file);
  const output = new Output(options);
  await interruptible(
    (signal) =>
      new Promise<void>((resolve, reject) => {
        const server = createServer((request, response) => {
          const isPage = request.url?.split("?")[0] === "/";
          if ((request.method !== "GET" && request.method !== "HEAD") || !isPage) {
            response.writeHead(isPage ? 405 : 404).end();
            return;
          }
          response
            .writeHead(200, {
              "content-type": "text/html; charset=utf-8",
              "content-length": content.length,
              "cache-control": "no-store",
              "x-content-type-options": "nosniff",
            })
            .end(request.method === "HEAD" ? undefined : content);
        });
        server.on("error", (error) => reject(portTaken(error, options.port)));
        server.listen(options.port ?? 0, "127.0.0.1", () => {
          const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
          output.result({ address, file }, `${address}\nor open ${file}; Ctrl-C ends`);
        });
        signal.addEventListener("abort", () => {
          server.close();
          server.closeAllConnections();
          resolve();
        });
      }),
  );
}

function portTaken(error: NodeJS.ErrnoException, port: number | undefined): unknown {
  if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return systemError(error) ?? error;
  return new InputError({
    where: `--port ${port}`,
    what: error.code === "EACCES" ? "this user may not listen there" : "something else listens there",
    hint: "choose another one, or leave it out",
  });
}
