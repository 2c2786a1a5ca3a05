// Where the servers of pages listen, and what is said where they cannot.
import type { Server } from "node:http";
import { InputError } from "../../errors.js";
import { written } from "./access.js";

/** Resolves when a server listens; port 0 is any that is free. @throws InputError when it cannot listen there. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const where = `${written(host)}:${port}`;
      const [what, hint] =
        error.code === "EADDRINUSE"
          ? ["another program listens there", "give another --port, or 0 for any"]
          : error.code === "EACCES"
            ? ["no permission to listen there", "give a --port above 1023"]
            : [`cannot listen there (${error.code})`, "give an address of this machine as --host"];
      reject(new InputError({ where, what, hint, cause: error }));
    });
    server.listen(port, host, resolve);
  });
}
