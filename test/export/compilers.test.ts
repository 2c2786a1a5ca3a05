// Exported C compiles without a warning as C99 and as C++, for processors without an operating system too, holds its golden vectors
// there, and does nothing that a sanitizer minds. What is not installed is skipped.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { stream } from "../../src/engine/stream.js";
import { exportC } from "../../src/export/c/c.js";
import { mathNames } from "../../src/export/c/kernels.js";
import { goldenOf } from "../../src/export/golden.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, inputName } from "../../src/network/architecture.js";
import { Network } from "../../src/network/network.js";
import { layers, networkWith } from "../engine/setups.js";
import { folder, has, run, write } from "./compiler.js";

/** Cells of every kind, some of them sparse and one in blocks of 4 × 4, which read numbers and one another. */
function everything(): Architecture {
  const cell = (
    name: string,
    kind: "lstm" | "gru" | "rnn-tanh" | "rnn-relu",
    size: number,
    ...inputs: string[]
  ) => ({ type: "cell", name, kind, size, inputs }) as const;
  return {
    input: { kind: "values", width: 3 },
    nodes: [
      cell("0", "lstm", 18, "values"),
      cell("a/b", "gru", 18, "0"),
      cell("an unusual name: */", "rnn-relu", 18, "values", "a/b"),
      { type: "sum", name: "s", of: ["0", "an unusual name: */"] },
      cell("last", "rnn-tanh", 5, "s", "a/b"),
    ],
    readout: { inputs: ["last", "s"], outputs: 3 },
  };
}

function networks(): Record<string, Network> {
  const random = new Random("compilers");
  const mixed = networkWith(everything(), 1, random);
  const single = networkWith(everything(), 0.2, random).masks;
  const blocks = networkWith(everything(), 0.2, random, 0.2, { rows: 4, columns: 4 }).masks;
  const masks = new Map([
    ["cells.0.weight_hh", single.get("cells.0.weight_hh")!],
    ["cells.a/b.weight_hh", blocks.get("cells.a/b.weight_hh")!],
    ["cells.a/b.weight_ih", blocks.get("cells.a/b.weight_ih")!],
  ]);
  const { conventions } = mixed;
  const standardisation = { mean: [1, -20, 300], deviation: [1, 0.5, 2] };
  const labels = ["yes ??/", 'no "\\', "vielleicht ä\u{1f600}"];
  const channels = ["x", "y */", "z\\"];
  return {
    mixed: new Network(mixed.architecture, mixed.parameters, masks, {
      ...conventions,
      standardisation,
      labels,
      channels,
    }),
    symbols: networkWith(layers("gru", 3, 300), 0.02, random),
  };
}

const warnings = ["-Wall", "-Wextra", "-pedantic", "-Werror"];
const c = ["-std=c99", ...warnings];
const compilers: { name: string; program: string; flags: string[] }[] = [
  { name: "gcc", program: "gcc", flags: [...c, "-O0"] },
  { name: "gcc, fused", program: "gcc", flags: [...c, "-O3", "-march=native", "-ffp-contract=fast"] },
  { name: "clang", program: "clang", flags: [...c, "-O3"] },
  { name: "g++", program: "g++", flags: ["-x", "c++", ...warnings, "-O2"] },
  { name: "clang++", program: "clang++", flags: ["-x", "c++", ...warnings, "-O2"] },
  {
    name: "sanitizers",
    program: "gcc",
    flags: [...c, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
  },
];

/** Processors without an operating system, and the machine of QEMU's that runs them. */
const boards: {
  name: string;
  program: string;
  flags: string[];
  sources: string[];
  machine: string;
  words: string[];
}[] = [
  {
    name: "Cortex-M4",
    program: "arm-none-eabi-gcc",
    flags: [
      "-mcpu=cortex-m4",
      "-mthumb",
      "-mfpu=fpv4-sp-d16",
      "-mfloat-abi=hard",
      "--specs=rdimon.specs",
      "-T",
      "cortex-m4.ld",
    ],
    sources: ["cortex-m4.c"],
    machine: "qemu-system-arm",
    words: ["-M", "mps2-an386"],
  },
  {
    name: "RISC-V",
    program: "riscv64-unknown-elf-gcc",
    flags: [
      ...["-march=rv32imafc", "-mabi=ilp32f", "--specs=picolibc.specs", "--oslib=semihost", "--crt0=hosted"],
      "-Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=0x200000",
      "-Wl,--defsym=__ram=0x80200000,--defsym=__ram_size=0x200000",
    ],
    sources: [],
    machine: "qemu-system-riscv32",
    words: ["-M", "virt", "-bios", "none"],
  },
];

const all = networks();
const names = Object.keys(all);
/** Numbers and exponentials that are exported. */
const kinds = [...mathNames, "int8"] as const;
const exported = (name: string, kind: (typeof kinds)[number]) => {
  const int8 = kind === "int8";
  const network = int8 ? calibratedBy(all[name]) : all[name];
  const golden = goldenOf(network, stream(network, { int8 }));
  return exportC(network, golden, { name, math: int8 ? "own" : kind, int8 }).files;
};
const link = (kind: string) => (kind === "libm" ? ["-lm"] : []);

/** As if every number were of a size that some are beyond. */
function calibratedBy({ architecture, parameters, masks, conventions }: Network): Network {
  const names = [inputName(architecture), ...architecture.nodes.map(({ name }) => name)];
  const activations = Object.fromEntries(names.map((name, i) => [name, 0.5 + i / 3]));
  return new Network(architecture, parameters, masks, { ...conventions, activations });
}

describe.each(kinds)("exported C with %s", (math) => {
  const path = folder();
  for (const name of names) write(path, exported(name, math));

  it.for(compilers)("compiles without a warning and holds: $name", ({ program, flags }, context) => {
    if (!has(program)) return context.skip(`${program} is not installed`);
    for (const name of names) {
      const made = run(path, program, ...flags, `${name}.c`, `${name}_test.c`, ...link(math), "-o", name);
      expect(made.err, name).toBe("");
      const { status, out, err } = run(path, join(path, name));
      expect([status, err]).toEqual([0, ""]);
      expect(out.toString()).toMatch(/^\w+: 0 of \d+ outputs are wrong, largest error [\d.e-]+\n$/);
    }
  });

  it("needs nothing but the C library's mathematics", (context) => {
    if (!has("gcc") || !has("nm")) return context.skip("gcc or nm is not installed");
    for (const name of names) {
      run(path, "gcc", ...c, "-Os", "-fno-builtin", "-c", `${name}.c`, "-o", "object.o");
      const wanted = run(path, "nm", "-u", "object.o")
        .out.toString()
        .split(/\s+/)
        .filter((word) => /^[a-z]/.test(word));
      const allowed = math === "libm" ? ["expf", "tanhf"] : [];
      expect(wanted.filter((word) => !allowed.includes(word))).toEqual([]);
    }
  });

  it.for(boards)("runs on a board: $name", ({ program, flags, sources, machine, words }, context) => {
    const missing = [program, machine].filter((one) => !has(one));
    if (missing.length > 0) return context.skip(`${missing.join(" and ")} is not installed`);
    cpSync(fileURLToPath(new URL("boards", import.meta.url)), path, { recursive: true });
    for (const name of names) {
      const own = run(path, program, ...c, ...flags.slice(0, 4), "-O2", "-c", `${name}.c`, "-o", "object.o");
      expect(own.err, name).toBe("");
      const made = run(
        path,
        program,
        "-O2",
        ...flags,
        ...sources,
        `${name}.c`,
        `${name}_test.c`,
        ...link(math),
        "-o",
        "board.elf",
      );
      expect(made.status, made.err).toBe(0);
      const { status, out, err } = run(
        path,
        machine,
        ...words,
        "-nographic",
        "-semihosting",
        "-kernel",
        "board.elf",
      );
      expect(`${out}${err}`).toMatch(/0 of \d+ outputs are wrong/);
      expect(status).toBe(0);
    }
  });
});
