// Builds the native executor with the machine's C++ compiler. Filigree also runs without it (the reference
// executor is plain TypeScript), so a failed build is one clear line and a successful installation.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const prebuilt = new URL(`../prebuilds/${process.platform}-${process.arch}/filigree.node`, import.meta.url);

function build() {
  const script = process.env.npm_config_node_gyp;
  const [command, first] = script ? [process.execPath, [script]] : ["node-gyp", []];
  return spawnSync(command, [...first, "rebuild"], {
    encoding: "utf8",
    env: { ...process.env, MAKEFLAGS: "-j2" },
  });
}

if (existsSync(prebuilt)) {
  console.log("filigree: using the prebuilt native executor");
} else {
  const result = build();
  if (result.status === 0) {
    console.log("filigree: native executor built");
  } else {
    const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`;
    const reason =
      output.split("\n").find((line) => /error|ENOENT|not found/i.test(line)) ?? `exit code ${result.status}`;
    console.warn(
      `filigree: the native executor could not be built (${reason.trim()}); the slower reference executor takes ` +
        "over; install a C++20 compiler, make and python3, then run `npm rebuild`",
    );
    if (process.env.FILIGREE_BUILD_VERBOSE) console.warn(output);
  }
}
