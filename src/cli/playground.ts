// `filigree playground`: gives the playground, one page, to a browser on this machine. The page needs no server; this one spares
// looking for its file.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { readBytes } from "../files.js";
import { interruption, Output, whole, withJson } from "./command.js";

/** Where the build has put it, seen from src/cli and from dist/cli. */
const page = new URL("../../dist/web/playground.html", import.meta.url);

export function playgroundCommand(): Command {
  const command = new Command().option(
    "--port <n>",
    "port on 127.0.0.1; 0 takes any that is free",
    whole(0, 65_535),
    0,
  );
  return withJson(command).action(servePlayground);
}

async function servePlayground(options: { port: number; json?: boolean }): Promise<void> {
  const { listen } = await import("../web/serve/listen.js");
  const { loopback } = await import("../web/serve/access.js");
  const file = fileURLToPath(page);
  const content = readBytes(file);
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
  await listen(server, loopback, options.port);
  const address = `http://${loopback}:${(server.address() as AddressInfo).port}/`;
  new Output(options).result({ address, file }, `${address}\nor open ${file}; Ctrl-C ends`);
  await interruption();
  server.close();
  server.closeAllConnections();
}
