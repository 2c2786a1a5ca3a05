// The TensorFlow.js side of compare.mjs, where it is installed: in WebAssembly when that backend is there too, else in
// plain JavaScript. It has no gradient of an embedding in WebAssembly, so symbols go in as ones among zeros, which is the
// same network; its GRU applies the reset gate before the product and not after, and no norm is clipped.
import { timed } from "../dist/bench/rounds.js";

/** @returns what is there and a side for a network; or, in a line, how to install it. */
export async function findTensorFlow() {
  const warn = console.warn;
  console.warn = () => {}; // It recommends another package at length.
  const tf = await import("@tensorflow/tfjs").catch(() => undefined);
  if (!tf) {
    return {
      absent:
        "there is no TensorFlow.js; npm install --no-save @tensorflow/tfjs @tensorflow/tfjs-backend-wasm",
    };
  }
  const backend = await import("@tensorflow/tfjs-backend-wasm").then(
    () => "wasm",
    () => "cpu",
  );
  await tf.setBackend(backend);
  await tf.ready();
  console.warn = warn;
  return {
    about: `TensorFlow.js ${tf.version.tfjs} (${backend === "wasm" ? "WebAssembly" : "JavaScript"})`,
    side: (setup) => side(tf, setup),
  };
}

function side(tf, { cell, hidden, layers, batch, length }) {
  const symbols = 7;
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: hidden, useBias: false, inputShape: [length, symbols] }));
  for (let i = 1; i <= layers; i++) {
    // The default, an orthogonal matrix, takes longer to make than the training.
    const options = { units: hidden, returnSequences: i < layers, recurrentInitializer: "glorotUniform" };
    if (cell.startsWith("rnn-")) {
      model.add(tf.layers.simpleRNN({ ...options, activation: cell.slice("rnn-".length) }));
    } else {
      model.add(tf.layers[cell]({ ...options, recurrentActivation: "sigmoid" }));
    }
  }
  model.add(tf.layers.dense({ units: 2 }));
  const loss = (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits);
  model.compile({ optimizer: tf.train.adam(1e-3), loss });
  const ones = (shape, depth) => tf.oneHot(tf.randomUniform(shape, 0, depth, "int32"), depth).cast("float32");
  const input = ones([batch, length], symbols);
  const labels = ones([batch], 2);
  const run = timed(async (n) => {
    for (let i = 0; i < n; i++) await model.trainOnBatch(input, labels);
  });
  return { run, rounds: 2 };
}
