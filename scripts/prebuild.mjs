// Puts the native executor of this machine where a packed package carries it, prebuilds/PLATFORM-ARCH/, with the record
// that tells whether it is whole. npm need not run the install scripts of dependencies; a package without it would then
// run on the reference executor.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = `${root}build/Release/`;
const folder = `${root}prebuilds/${process.platform}-${process.arch}/`;
if (existsSync(`${built}filigree.node`)) {
  mkdirSync(folder, { recursive: true });
  for (const name of ["filigree.node", "filigree.node.sha256"]) copyFileSync(built + name, folder + name);
}
