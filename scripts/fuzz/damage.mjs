// Damage as accidents and attackers do it, for the fuzzer of files: to bytes, whatever they mean, and to JSON, which
// stays JSON and lies. Every choice is drawn from the generator that is passed, so a case can be repeated.
import { unzipSync, zipSync } from "fflate";
import { parse, serialise } from "../../dist/network/safetensors.js";

const deep = (open, close, levels) => open.repeat(levels) + close.repeat(levels);

// Pieces of text that some reader may take for more than text.
// biome-ignore format: a list of words
const words = [
  "__proto__", "constructor", "toString", "length", "null", "NaN", "-Infinity", "1e999", "-1", "0", "1.5",
  "9007199254740993", "4294967296", "18446744073709551616", "0x10", "1_000", "\0", "\n", "\r\n", "\uFEFF",
  "\u001b[2J", "\u2028", "\ud800", '"', "'", "{", "}", "[", "]", ",", ":", "\\u0000", "<", "</", "<!--",
  "<![CDATA[", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&amp;", "&b;", "&a ", "*a", "<<: *a", "? ", "!!binary ", "---\n",
  "!!js/function ", "|\n", "#", "%YAML 9.9\n", "- ", "x".repeat(70_000), "[".repeat(5_000), "{".repeat(5_000),
  deep("[", "]", 20_000), deep('{"a":', "}", 9_000).replace(":}", ":1}"), deep("<a>", "</a>", 5_000),
];

/** A copy of some bytes, damaged in one place. */
export function damageBytes(bytes, random) {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.below(random.pick([2, 16, 256])));
  const put = (...middle) => Buffer.concat([bytes.subarray(0, at), ...middle, bytes.subarray(end)]);
  const piece = bytes.subarray(at, end);
  switch (random.below(8)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return put();
    case 2:
      return put(piece, piece);
    case 3:
      return put(...new Array(1 + random.below(2_000)).fill(piece));
    case 4:
      return put(Buffer.from(random.pick(words)));
    case 5:
      return put(Buffer.from(random.pick(words)), piece);
    case 6:
      return put(Buffer.from(piece).fill(random.pick([0, 0xff, 0x80, 0x20, 0x0a, 0x22])));
    default: {
      const copy = Buffer.from(bytes);
      for (let i = random.below(4); i >= 0 && copy.length > 0; i--) {
        copy[random.below(copy.length)] ^= 1 << random.below(8);
      }
      return copy;
    }
  }
}

// Stands in a value for text that JSON.stringify would not write: numbers that are none, names that come twice.
const RAW = "raw text of a damaged value: ";
const rawTexts = [
  "1e999",
  "-1e999",
  "-0",
  "1e-400",
  "9007199254740993",
  "1E2",
  '{"a":1,"a":2}',
  '{"__proto__":1}',
];
rawTexts.push(deep("[", "]", 5_000), deep('{"a":', "}", 3_000).replace(":}", ":1}"));

// biome-ignore format: a list of values
const hostile = (random) =>
  random.pick([
    null, true, false, 0, 1, -1, 2, 3, 7, 1.5, 1e308, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, 5e-324, "", "0",
    "__proto__", "constructor", "a\nb", "\u001b[2J", "\0", "é", "x".repeat(5_000), [], {}, [[]], [0, 0], [null],
    new Array(40).fill(1), new Array(3_000).fill(0), Array.from({ length: 300 }, (_, i) => i),
    ...rawTexts.map((text) => RAW + text),
  ]);

/** A JSON file, damaged as JSON; when it is none any more, or is nested too deeply, as bytes. */
export function damageJsonFile(bytes, random) {
  try {
    return Buffer.from(damageJson(JSON.parse(bytes.toString()), random));
  } catch {
    return damageBytes(bytes, random);
  }
}

/** The text of a JSON document, damaged in one place; `value` is changed. */
function damageJson(value, random) {
  const places = [];
  const walk = (holder) => {
    for (const key of Object.keys(holder)) {
      places.push([holder, key]);
      if (typeof holder[key] === "object" && holder[key] !== null) walk(holder[key]);
    }
  };
  const top = { value };
  walk(top);
  // Deeper places are many; half of the time the choice is between the first.
  const [holder, key] = places[random.below(random.pick([places.length, Math.min(places.length, 12)]))];
  const [other, name] = random.pick(places);
  const taken = structuredClone(other[name]);
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      holder[key] = taken;
      break;
    case 2:
      if (Array.isArray(holder)) holder.splice(Number(key), 0, taken);
      else {
        // An assignment to __proto__ would not make a member.
        const renamed = random.pick(["__proto__", "constructor", "toString", "length", "x", name]);
        const member = { value: taken, enumerable: true, configurable: true, writable: true };
        Object.defineProperty(holder, renamed, member);
      }
      break;
    case 3:
      if (typeof holder[key] === "number") holder[key] += random.pick([-1, 1, 0.5, 2 ** 31, 2 ** 53]);
      else if (Array.isArray(holder[key])) holder[key].push(...holder[key], taken);
      else holder[key] = [holder[key]];
      break;
    default:
      holder[key] = hostile(random);
  }
  const text = JSON.stringify(top.value) ?? "";
  return text.replace(new RegExp(`"${RAW}((?:[^"\\\\]|\\\\.)*)"`, "g"), (_, raw) => JSON.parse(`"${raw}"`));
}

/** A safetensors file with its header damaged as JSON; its length is that of the new header, most of the time. */
export function damageHeader(bytes, random) {
  let text;
  try {
    text = headerText(bytes, random);
  } catch {
    return damageBytes(bytes, random);
  }
  const start = Buffer.alloc(8);
  const wrong = [0n, 1n, bytes.readBigUInt64LE(), 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n, 100_000_000n];
  start.writeBigUInt64LE(random.below(20) === 0 ? random.pick(wrong) : BigInt(text.length));
  return Buffer.concat([start, text, bytes.subarray(8 + Number(bytes.readBigUInt64LE()))]);
}

function headerText(bytes, random) {
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
  // The description of the network is JSON within JSON.
  const metadata = header.__metadata__;
  if (metadata?.architecture === undefined || random.below(2) === 0) {
    return Buffer.from(damageJson(header, random));
  }
  metadata.architecture = damageJson(JSON.parse(metadata.architecture), random);
  return Buffer.from(JSON.stringify(header));
}

/** A safetensors file that is sound as such, of which one tensor is not what it was. */
export function damageTensors(bytes, random) {
  let file;
  try {
    file = parse(bytes, "sample");
  } catch {
    return damageBytes(bytes, random);
  }
  const tensors = new Map(file.tensors);
  const [name, tensor] = random.pick([...tensors]);
  const { shape, values } = tensor;
  switch (random.below(5)) {
    case 0: {
      const shapes = [
        [],
        [0],
        [0, 0],
        [0, 2 ** 40],
        [2 ** 28, 0],
        [1, ...shape],
        [...shape, 1],
        shape.toReversed(),
      ];
      shapes.push(
        [values.length],
        [1, values.length],
        [shape[0] + 1, ...shape.slice(1)],
        shape.map((n) => 2 * n),
      );
      const other = random.pick(shapes);
      const length = other.reduce((product, extent) => product * extent, 1);
      tensors.set(name, { dtype: "F32", shape: other, values: new Float32Array(length).fill(0.1) });
      break;
    }
    case 1:
      tensors.delete(name);
      if (random.below(2) === 0)
        tensors.set(random.pick([...file.tensors.keys(), "__proto__", "x", ""]), tensor);
      break;
    case 2: {
      const length = values.length;
      const other = { U8: Uint8Array, BOOL: Uint8Array, I64: BigInt64Array };
      const dtype = random.pick(Object.keys(other));
      tensors.set(name, { dtype, shape, values: new other[dtype](length) });
      break;
    }
    default: {
      const copy = values.slice();
      const [one, zero] = values instanceof BigInt64Array ? [1n, 0n] : [1, 0];
      const hard = values instanceof Float32Array ? [3.4e38, -3.4e38, 1e-45, -0, 1e20, Number.NaN, 1e39] : [];
      for (let times = random.below(8); times >= 0 && copy.length > 0; times--) {
        copy[random.below(copy.length)] = random.pick([
          one,
          zero,
          ...hard.slice(0, random.pick([5, 5, 5, 7])),
        ]);
      }
      tensors.set(name, { ...tensor, values: copy });
    }
  }
  return Buffer.from(serialise({ tensors, metadata: file.metadata }));
}

/** A .npy file of which an entry of the header is another, of the same length, so that the rest is where it was. */
export function damageArray(bytes, random) {
  const text = bytes.toString("latin1", 10, 128);
  const other = text
    .replace(/'descr': '[^']*'/, (own) =>
      random.below(2)
        ? own
        : `'descr': '${random.pick(["<f8", "<i8", ">f4", "|O", "<U9", "|b1", "<f2", "|u1", "<U0"])}'`,
    )
    .replace(/\([^)]*\)/, (own) =>
      random.below(3) === 0
        ? own
        : random.pick([
            "()",
            "(0,)",
            "(3,)",
            "(1, 2, 3, 4)",
            "(65536, 65536, 1)",
            "(3, 0, 2)",
            "(-1,)",
            "(1e9,)",
            "(3, 4)",
          ]),
    )
    .replace("False", random.pick(["False", "False", "True"]));
  return Buffer.concat([
    bytes.subarray(0, 10),
    Buffer.from(
      other
        .trimEnd()
        .padEnd(text.length - 1)
        .slice(0, text.length - 1),
    ),
    Buffer.from("\n"),
    bytes.subarray(128),
  ]);
}

/** A zip archive that is sound as such, of which one file is damaged, as JSON where it is that; else bytes. */
export function damageArchive(bytes, random) {
  let files;
  try {
    files = unzipSync(bytes);
  } catch {
    return damageBytes(bytes, random);
  }
  const names = Object.keys(files);
  if (names.length === 0) return damageBytes(bytes, random);
  const name = random.pick(names);
  const damage = name.endsWith(".json") ? damageJsonFile : damageBytes;
  const level = random.pick([0, 0, 6]);
  return Buffer.from(zipSync({ ...files, [name]: damage(Buffer.from(files[name]), random) }, { level }));
}
