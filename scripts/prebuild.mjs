// Puts the native executor of this machine where a packed package carries it: prebuilds/PLATFORM-ARCH/filigree.node.
// npm does not run the install scripts of dependencies, so a package without it would fall back to the reference.
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = `${root}/build/Release/filigree.node`;
const folder = `${root}/prebuilds/${process.platform}-${process.arch}`;
if (existsSync(built)) {
  mkdirSync(folder, { recursive: true });
  copyFileSync(built, `${folder}/filigree.node`);
} else {
  console.warn("filigree: no native executor to pack; run `npm run install` where there is a C++ compiler");
}
