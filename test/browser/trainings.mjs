// Trainings that Node.js and a browser run alike, each with a digest of all that comes out: the same code over the library
// of either. Every cell is trained for 100 updates dense, at 10 % of the weights, at 20 % in blocks, under masks that RigL
// changes, and on a text whose state is carried from window to window.

const cells = ["rnn-tanh", "rnn-relu", "lstm", "gru"];

async function digestOf(...arrays) {
  const bytes = arrays.map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  const all = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const own of bytes) {
    all.set(own, at);
    at += own.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param filigree the library: "filigree" or "filigree/browser".
 * @param executor which one; the one there is when left out.
 * @returns digests by the trainings' names: of the network, of both moments, of every loss and norm.
 */
export async function trainings(filigree, executor) {
  const { builtInGrammar, generateDataset, Random, newClassifier, newLanguageModel, classify, nextSymbol } =
    filigree;
  const random = () => new Random("trainings");
  const data = generateDataset({ grammar: builtInGrammar("reber"), count: 1000 }, random());
  const words = Array.from({ length: 700 }, (_, i) => `${i % 7} times ${i % 11} is ${(i % 7) * (i % 11)}. `);
  const texts = filigree.createTextData([{ name: "products", text: words.join("") }]);
  const results = {};
  const run = async (name, network, task, more = {}) => {
    const metrics = [];
    let last;
    const trained = await filigree.train(network, task, {
      updates: 100,
      seed: 1,
      executor,
      ...more,
      onUpdate: ({ loss, gradientNorm }) => metrics.push(loss, gradientNorm),
      onEpoch: (_epoch, _metrics, own) => {
        last = own.state;
      },
    });
    const { firstMoment, secondMoment } = last;
    results[name] = await digestOf(trained.parameters, firstMoment, secondMoment, Float64Array.from(metrics));
  };
  const blocks = filigree.parsePattern("4x1");
  for (const cell of cells) {
    const network = newClassifier(filigree.stack({ cell, hidden: 20, layers: 2 }), data, random());
    const task = () => classify(network, data, { batch: 32, protocol: "corrected" });
    await run(`${cell}, dense`, network, task());
    for (const [name, sparsification] of Object.entries({
      "10 %": { method: "random", density: 0.1 },
      "blocks of 4": { method: "random", density: 0.2, pattern: blocks },
      RigL: { method: "rigl", density: 0.2, every: 10 },
    })) {
      await run(`${cell}, ${name}`, network, task(), { sparsify: filigree.sparsifying(sparsification) });
    }
    const model = newLanguageModel(texts.vocabulary.length, { cell, hidden: 24, layers: 2 }, random());
    await run(`${cell}, text`, model, nextSymbol(texts, { batch: 8, window: 20, executor }));
  }
  return results;
}
