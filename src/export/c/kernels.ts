// The functions that every exported C source is made of, as text: products for each form of a matrix, activations and cells. A
// source gets those that it calls. They add in the order of the engine (native/stream_kernels.cc, native/cells.h).
import type { CellKind } from "../../network/architecture.js";

/** Where exp and tanh come from: `<math.h>`, or polynomials of the engine's. */
export const mathNames = ["libm", "own"] as const;
export type MathName = (typeof mathNames)[number];

export const copyKernel = `static void copy(float *to, const float *from, int count) {
  for (int i = 0; i < count; i++) to[i] = from[i];
}
`;

export const zeroKernel = `static void zero(float *values, int count) {
  for (int i = 0; i < count; i++) values[i] = 0.0f;
}
`;

export const sumKernel = `/* sum += values */
static void add(float *sum, const float *values, int count) {
  for (int i = 0; i < count; i++) sum[i] = values[i] + sum[i];
}
`;

export const denseKernel = `/* out += weights * in */
static void add_dense(float *out, const float *weights, int rows, int columns, const float *in) {
  for (int r = 0; r < rows; r++) {
    float sum = out[r];
    for (int c = 0; c < columns; c++) sum += *weights++ * in[c];
    out[r] = sum;
  }
}
`;

/** Of float32 numbers, or of whole ones with a scale for each row. */
export type Arithmetic = "float" | "int8";

export const roundKernel = `/* Whole numbers of -127 to 127, halves to the even one. */
static void round_to(int8_t *to, const float *values, float inverse_scale, int count) {
  for (int i = 0; i < count; i++) {
    const float scaled = values[i] * inverse_scale;
    const float below = scaled < 127.0f ? scaled : 127.0f;
    const float bounded = below > -127.0f ? below : -127.0f;
    const float shifted = bounded + 12582912.0f; /* 1.5 * 2^23 leaves no digits behind the point. */
    to[i] = (int8_t)(shifted - 12582912.0f);
  }
}
`;

export const zeroWholeKernel = `static void zero_whole(int8_t *values, int count) {
  for (int i = 0; i < count; i++) values[i] = 0;
}
`;

export const denseInt8Kernel = `/* out += scales * (weights * in) */
static void add_dense(float *out, const int8_t *weights, const float *scales, int rows, int columns, const int8_t *in) {
  for (int r = 0; r < rows; r++) {
    int32_t sum = 0;
    for (int c = 0; c < columns; c++) sum += *weights++ * in[c];
    out[r] += (float)sum * scales[r];
  }
}
`;

/** The name of the function for blocks of a size, whose places have so many bytes. */
export function blocksName(height: number, width: number, placeBytes: 1 | 2): string {
  const wide = placeBytes === 2 ? "_wide" : "";
  return height * width === 1 ? `add_sparse${wide}` : `add_blocks_${height}x${width}${wide}`;
}

/** The function for blocks of a size. */
export function blocksKernel(
  height: number,
  width: number,
  placeBytes: 1 | 2,
  arithmetic: Arithmetic,
): string {
  const name = blocksName(height, width, placeBytes);
  const whole = arithmetic === "int8";
  const [value, scales, source] = whole
    ? ["int8_t", " const float *scales,", "int8_t"]
    : ["float", "", "float"];
  const head = `static void ${name}(float *out, const ${value} *weights,${scales} const uint16_t *counts,
${" ".repeat(`static void ${name}(`.length)}const uint${8 * placeBytes}_t *places,`;
  const does = whole ? "out += scales * (weights * in)" : "out += weights * in";
  if (height * width === 1) {
    return `/* ${does}; of each row so many weights, and the column of each */
${head} int rows, const ${source} *in) {
  for (int r = 0; r < rows; r++) {
    ${whole ? "int32_t sum = 0;" : "float sum = out[r];"}
    for (int k = counts[r]; k > 0; k--) sum += *weights++ * in[*places++];
    out[r] ${whole ? "+= (float)sum * scales[r]" : "= sum"};
  }
}
`;
  }
  const rows =
    height === 1 ? "" : `      const int rows = units - first < ${height} ? units - first : ${height};\n`;
  const count = height === 1 ? "1" : "rows";
  const sum = whole ? "sums[r]" : "out[r]";
  const sums = whole ? `      int32_t sums[${height}] = {0};\n` : "";
  const end = whole
    ? `      for (int r = 0; r < ${count}; r++) out[r] += (float)sums[r] * scales[r];\n      scales += ${count};\n`
    : "";
  const inner =
    width === 1
      ? `        const ${whole ? "int32_t" : "float"} x = in[*places++];
        for (int r = 0; r < ${count}; r++) ${sum} += *weights++ * x;`
      : `        const int left = ${width} * *places++;
        const int right = left + ${width} < columns ? left + ${width} : columns;
        for (int r = 0; r < ${count}; r++) {
          for (int c = left; c < right; c++) ${sum} += *weights++ * in[c];
        }`;
  return `/* ${does}, of blocks of ${height} x ${width}, cut gate by gate; of each row of blocks so many, and the place of each */
${head} int gates, int units, ${width === 1 ? "" : "int columns, "}const ${source} *in) {
  for (int gate = 0; gate < gates; gate++) {
    for (int first = 0; first < units; first += ${height}) {
${rows}${sums}      for (int k = *counts++; k > 0; k--) {
${inner}
      }
${end}      out += ${count};
    }
  }
}
`;
}

/** Keeps compilers from fusing a multiplication with an addition, which some do where they are not asked to. */
export const UNFUSED = `/* Nothing fused, so that the bits are the same everywhere; -ffp-contract=off says the same. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif
`;

const OWN_POWER = `/* The exponentials of Filigree's engine, in additions, multiplications, divisions and bits. They need arithmetic in single
 * precision as it is written: no -ffast-math; with -ffp-contract=off they give the same bits everywhere. */
typedef union {
  float value;
  uint32_t bits;
} float_bits;

/* e^x = 2^(factor * x) = scale * (1 + part), where scale, which is returned, is a whole power of two; |factor * x| < 126. */
static float power(float x, float factor, float *part) {
  const float shift = 12583039.0f; /* 1.5 * 2^23 + 127: rounds to a whole number, and makes it an exponent. */
  float_bits scale;
  scale.value = x * factor + shift;
  const float f = x * factor + (shift - scale.value);
  float slope = f * 0.00015353362f + 0.0013398875f;
  slope = slope * f + 0.00961843692f;
  slope = slope * f + 0.0555033237f;
  slope = slope * f + 0.240226477f;
  slope = slope * f + 0.693147182f;
  scale.bits <<= 23;
  *part = slope * f;
  return scale.value;
}

static float clamp(float x, float most) {
  const float below = most < x ? most : x;
  return -most > below ? -most : below;
}
`;

const OWN_SIGMOID = `/* 1 + e^-x */
static float sigmoid_denominator(float x) {
  float part;
  const float scale = power(clamp(x, 43.0f), -1.44269504f, &part);
  return scale * (part + 1.0f) + 1.0f;
}
`;

const OWN_TANH = `/* e^2x - 1, which tanh divides by e^2x + 1 */
static float tanh_numerator(float x) {
  float part;
  const float scale = power(clamp(x, 9.2f), 2.88539008f, &part);
  return scale * part + (scale - 1.0f);
}
`;

const OWN: Readonly<Record<Activation, string>> = {
  tangent: `static float tangent(float x) {
  const float numerator = tanh_numerator(x);
  return numerator / (numerator + 2.0f);
}
`,
  sigmoids: `/* Two sigmoids by one division. */
static void sigmoids(float *x, float *y) {
  const float a = sigmoid_denominator(*x), b = sigmoid_denominator(*y);
  const float ab = 1.0f / (a * b);
  *x = ab * b;
  *y = ab * a;
}
`,
  sigmoid_and_tangent: `/* The sigmoid of x and tanh of y by one division. */
static void sigmoid_and_tangent(float *x, float *y) {
  const float numerator = tanh_numerator(*y);
  const float a = sigmoid_denominator(*x), b = numerator + 2.0f;
  const float ab = 1.0f / (a * b);
  *x = ab * b;
  *y = numerator * (ab * a);
}
`,
};

const LIBM: Readonly<Record<Activation, string>> = {
  tangent: `static float tangent(float x) { return tanhf(x); }
`,
  sigmoids: `static void sigmoids(float *x, float *y) {
  *x = 1.0f / (1.0f + expf(-*x));
  *y = 1.0f / (1.0f + expf(-*y));
}
`,
  sigmoid_and_tangent: `static void sigmoid_and_tangent(float *x, float *y) {
  *x = 1.0f / (1.0f + expf(-*x));
  *y = tanhf(*y);
}
`,
};

type Activation = "tangent" | "sigmoids" | "sigmoid_and_tangent";

const ACTIVATIONS: Readonly<Record<CellKind, readonly Activation[]>> = {
  "rnn-tanh": ["tangent"],
  "rnn-relu": [],
  lstm: ["tangent", "sigmoids", "sigmoid_and_tangent"],
  gru: ["tangent", "sigmoids"],
};

const CELLS: Readonly<Record<CellKind, string>> = {
  "rnn-tanh": `static void rnn_tanh(const float *gates, float *h, int units) {
  for (int u = 0; u < units; u++) h[u] = tangent(gates[u]);
}
`,
  "rnn-relu": `static void rnn_relu(const float *gates, float *h, int units) {
  for (int u = 0; u < units; u++) h[u] = 0.0f > gates[u] ? 0.0f : gates[u];
}
`,
  lstm: `/* gates: input, forget, cell and output of all units, one after the other */
static void lstm(const float *gates, float *c, float *h, int units) {
  for (int u = 0; u < units; u++) {
    float i = gates[u], f = gates[units + u], g = gates[2 * units + u], o = gates[3 * units + u];
    sigmoids(&i, &f);
    sigmoid_and_tangent(&o, &g);
    c[u] = f * c[u] + i * g;
    h[u] = o * tangent(c[u]);
  }
}
`,
  gru: `/* gates: new, reset, update and the hidden share of new of all units, one after the other */
static void gru(const float *gates, float *h, int units) {
  for (int u = 0; u < units; u++) {
    float r = gates[units + u], z = gates[2 * units + u];
    sigmoids(&r, &z);
    const float n = tangent(r * gates[3 * units + u] + gates[u]);
    h[u] = z * (h[u] - n) + n;
  }
}
`,
};

/** The functions that cells of these kinds call, and those of the cells. */
export function cellKernels(kinds: ReadonlySet<CellKind>, math: MathName): string[] {
  const used = new Set([...kinds].flatMap((kind) => ACTIVATIONS[kind]));
  const activations = (["tangent", "sigmoids", "sigmoid_and_tangent"] as const).filter((name) =>
    used.has(name),
  );
  const texts = activations.map((name) => (math === "own" ? OWN : LIBM)[name]);
  const sigmoid = used.has("sigmoids") ? [OWN_SIGMOID] : [];
  const own = math === "own" && used.size > 0 ? [OWN_POWER, ...sigmoid, OWN_TANH] : [];
  return [...own, ...texts, ...[...kinds].map((kind) => CELLS[kind])];
}

/** Whether cells of these kinds need `<math.h>`. */
export function needsMath(kinds: ReadonlySet<CellKind>, math: MathName): boolean {
  return math === "libm" && [...kinds].some((kind) => ACTIVATIONS[kind].length > 0);
}

/** How each kind's function is called. */
export const cellNames: Readonly<Record<CellKind, string>> = {
  "rnn-tanh": "rnn_tanh",
  "rnn-relu": "rnn_relu",
  lstm: "lstm",
  gru: "gru",
};
