#include "int8_stream.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "plan.h"

namespace filigree {
namespace {

constexpr int kMost = 1 << 24;  // Of a width or a number of symbols.
// Floats of a table of inputs beyond which it multiplies instead of looking up, as LARGEST_STREAM_TABLE in src/engine/draft.ts.
constexpr int64_t kLargestTable = 1 << 26;

[[noreturn]] void refuseWords(const char* what) { refuse(std::string("the network cannot be run: ") + what); }

void copyFloats(const float* from, float* to, int count) { std::copy(from, from + count, to); }

}  // namespace

// Takes one array after the other, none beyond its end.
class Int8Stream::Reader {
 public:
  explicit Reader(const Int8Words& network) : left_(network) {}

  int word(int least, int most, const char* otherwise) {
    if (left_.wordCount == 0) refuseWords("words are missing");
    const int32_t word = *left_.words++;
    left_.wordCount--;
    if (word < least || word > most) refuseWords(otherwise);
    return word;
  }
  const int8_t* weights(int64_t count) { return take(left_.weights, left_.weightCount, count, "weights are missing"); }
  const float* floats(int64_t count) {
    return take(left_.floats, left_.floatCount, count, "biases or scales are missing");
  }
  // What a source is multiplied by before it is rounded, or 0.
  float inverse() {
    const float own = *floats(1);
    if (!(own >= 0 && std::isfinite(own))) refuseWords("a number to round by is none");
    return own;
  }
  void end() const {
    if (left_.wordCount + left_.weightCount + left_.floatCount > 0) refuseWords("there is more of it than it needs");
  }

 private:
  template <class T>
  static const T* take(const T*& from, size_t& left, int64_t count, const char* otherwise) {
    if (count > static_cast<int64_t>(left)) refuseWords(otherwise);
    left -= static_cast<size_t>(count);
    return std::exchange(from, from + count);
  }

  Int8Words left_;
};

Int8Stream::Int8Stream(const Int8Words& network, const Int8Kernels& kernels) : kernels_(kernels) {
  Reader reader(network);
  symbols_ = reader.word(0, kMost, "it has so many symbols");
  const int width = reader.word(1, kMost, "its input has no such width");
  outputs_ = reader.word(1, kMost, "it has no such number of outputs");
  const int nodes = reader.word(0, kMost, "it has no such number of nodes");
  const float* embedding = reader.floats(static_cast<int64_t>(symbols_) * width);
  const auto add = [&](int width, float inverse) {
    const auto room = static_cast<size_t>(padded(width));
    sources_.push_back({width, inverse, Floats(room), std::vector<uint8_t>(inverse > 0 ? room : 0)});
    // Padding is rounded with the others.
    written(sources_.back());
  };
  add(width, reader.inverse());
  int gates = 0;
  for (int n = 0; n < nodes; n++) {
    Node& node = nodes_.emplace_back();
    node.kind = reader.word(0, kCellKinds, "there is no such kind of node");
    const int size = reader.word(1, kMost, "a node has no such size");
    const float inverse = reader.inverse();
    if (node.kind == kCellKinds) {
      readSum(reader, node, size);
      add(size, inverse);
    } else {
      // Its own weights, at least a row a unit, are counted before anything is as large as it.
      if (static_cast<size_t>(size) > network.weightCount) refuseWords("weights are missing");
      add(size, inverse);
      readCell(reader, node, size, kernels);
      gates = std::max(gates, kCellShapes[node.kind].gates * padded(size));
    }
  }
  const int count = reader.word(1, nodes + 1, "nothing, or too much, is read out");
  if (static_cast<size_t>(outputs_) > network.floatCount) refuseWords("biases or scales are missing");
  readoutBias_ = Floats(static_cast<size_t>(padded(outputs_)));
  said_ = Floats(readoutBias_.size());
  copyFloats(reader.floats(outputs_), readoutBias_.data(), outputs_);
  for (int k = 0; k < count; k++) {
    const int from = reader.word(0, nodes, "what is read out is not there");
    const Source& source = sources_[static_cast<size_t>(from)];
    if (!(source.inverse > 0)) refuseWords("what is multiplied is not rounded");
    const int8_t* weights = reader.weights(static_cast<int64_t>(outputs_) * source.width);
    readout_.push_back({from, 0, Int8Matrix(weights, reader.floats(outputs_), 1, outputs_, source.width, kernels)});
    embeds_ |= from == 0;
  }
  reader.end();
  gates_ = Floats(static_cast<size_t>(gates));
  if (symbols_ == 0) return;
  embedding_ = Floats(uint64_t{static_cast<unsigned>(symbols_)} * static_cast<unsigned>(width));
  std::copy(embedding, embedding + embedding_.size(), embedding_.data());
  for (Node& node : nodes_) makeTable(node);
  reset();
}

void Int8Stream::readCell(Reader& reader, Node& node, int size, const Int8Kernels& kernels) {
  const CellShape& shape = kCellShapes[node.kind];
  const int height = padded(size), own = static_cast<int>(sources_.size()) - 1;
  const int count = reader.word(1, own + 1, "a cell reads nothing, or too much");
  const float* bias = reader.floats(int64_t{shape.gates} * size);
  node.bias = Floats(uint64_t{static_cast<unsigned>(height)} * static_cast<unsigned>(shape.gates));
  for (int g = 0; g < shape.gates; g++) copyFloats(bias + int64_t{g} * size, node.bias.data() + int64_t{g} * height, size);
  for (int k = 0; k <= count; k++) {
    // Its own output comes last.
    const bool hidden = k == count;
    const int from = hidden ? own : reader.word(0, own - 1, "a cell reads what is not there yet");
    const int gates = hidden ? shape.hiddenGates : shape.inputGates;
    const Source& source = sources_[static_cast<size_t>(from)];
    if (!(source.inverse > 0)) refuseWords("what is multiplied is not rounded");
    const int64_t rows = int64_t{gates} * size;
    const int8_t* weights = reader.weights(rows * source.width);
    node.products.push_back({from, hidden ? shape.hiddenFirst * height : 0,
                             Int8Matrix(weights, reader.floats(rows), gates, size, source.width, kernels)});
  }
  if (shape.hasState) node.state = Floats(uint64_t{2} * static_cast<unsigned>(height));
  // The first product with the input is looked up where there are symbols, unless the table would be too large.
  const int64_t rows = int64_t{shape.inputGates} * height;
  const bool looksUp = symbols_ > 0 && node.products[0].source == 0 && rows * symbols_ <= kLargestTable;
  if (looksUp) node.table = Floats(static_cast<uint64_t>(rows * symbols_));
  for (size_t k = looksUp; k < node.products.size(); k++) embeds_ |= node.products[k].source == 0;
}

void Int8Stream::readSum(Reader& reader, Node& node, int size) {
  const int before = static_cast<int>(sources_.size());
  const int count = reader.word(1, kMost, "a sum of nothing, or of too much");
  for (int k = 0; k < count; k++) {
    const int from = reader.word(0, before - 1, "a sum reads what is not there yet");
    if (sources_[static_cast<size_t>(from)].width != size) refuseWords("a sum reads what is of another size");
    node.sources.push_back(from);
    embeds_ |= from == 0;
  }
}

void Int8Stream::makeTable(Node& node) {
  if (node.table.size() == 0) return;
  const size_t rows = node.table.size() / static_cast<size_t>(symbols_);
  Source& input = sources_[0];
  for (int s = 0; s < symbols_; s++) {
    copyFloats(embedding_.data() + static_cast<int64_t>(s) * input.width, input.values.data(), input.width);
    written(input);
    float* row = node.table.data() + static_cast<size_t>(s) * rows;
    std::copy(node.bias.data(), node.bias.data() + rows, row);
    node.products[0].matrix.addProduct(input.rounded.data(), row);
  }
}

size_t Int8Stream::bytes() const {
  size_t bytes = embedding_.bytes() + gates_.bytes() + readoutBias_.bytes() + said_.bytes();
  for (const Source& source : sources_) bytes += source.values.bytes() + source.rounded.size();
  for (const Product& product : readout_) bytes += product.matrix.bytes();
  for (const Node& node : nodes_) {
    bytes += node.bias.bytes() + node.state.bytes() + node.table.bytes();
    for (const Product& product : node.products) bytes += product.matrix.bytes();
  }
  return bytes;
}

void Int8Stream::reset() {
  const auto clear = [](Floats& values) { std::fill_n(values.data(), values.size(), 0.0f); };
  for (Source& source : sources_) {
    clear(source.values);
    written(source);
  }
  for (Node& node : nodes_) clear(node.state);
}

void Int8Stream::written(Source& source) {
  if (source.inverse > 0) kernels_.round(source.values.data(), padded(source.width), source.inverse, source.rounded.data());
}

void Int8Stream::step(int symbol, float* outputs) {
  Source& input = sources_[0];
  if (embeds_) {
    copyFloats(embedding_.data() + static_cast<int64_t>(symbol) * input.width, input.values.data(), input.width);
    written(input);
  }
  take(symbol, outputs);
}

void Int8Stream::step(const float* values, float* outputs) {
  Source& input = sources_[0];
  copyFloats(values, input.values.data(), input.width);
  written(input);
  take(0, outputs);
}

void Int8Stream::take(int symbol, float* outputs) {
  for (size_t n = 0; n < nodes_.size(); n++) {
    Node& node = nodes_[n];
    Source& own = sources_[n + 1];
    float* to = own.values.data();
    const int height = padded(own.width);
    if (node.kind == kCellKinds) {
      copyFloats(sources_[static_cast<size_t>(node.sources[0])].values.data(), to, own.width);
      for (size_t k = 1; k < node.sources.size(); k++) {
        const float* from = sources_[static_cast<size_t>(node.sources[k])].values.data();
        for (int i = 0; i < own.width; i++) to[i] = from[i] + to[i];
      }
    } else {
      const bool looksUp = node.table.size() > 0;
      const size_t looked = looksUp ? node.table.size() / static_cast<size_t>(symbols_) : 0;
      if (looksUp) std::copy_n(node.table.data() + static_cast<size_t>(symbol) * looked, looked, gates_.data());
      std::copy_n(node.bias.data() + looked, node.bias.size() - looked, gates_.data() + looked);
      for (size_t k = looksUp; k < node.products.size(); k++) {
        const Product& product = node.products[k];
        product.matrix.addProduct(sources_[static_cast<size_t>(product.source)].rounded.data(), gates_.data() + product.first);
      }
      float* state = node.state.size() > 0 ? node.state.data() : gates_.data();
      kernels_.cells[node.kind]({gates_.data(), height, state, state, height, to, to, height});
    }
    written(own);
  }
  std::copy_n(readoutBias_.data(), readoutBias_.size(), said_.data());
  for (const Product& product : readout_) {
    product.matrix.addProduct(sources_[static_cast<size_t>(product.source)].rounded.data(), said_.data());
  }
  copyFloats(said_.data(), outputs, outputs_);
}

}  // namespace filigree
