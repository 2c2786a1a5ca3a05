// A stream in int8: takes in a step at a time, as stream.h does, of a network whose weights are whole numbers, to the bits of
// src/engine/int8.ts. It is made of the words, weights and floats that src/engine/int8-words.ts writes, all of which are checked
// here. Denormal numbers are not flushed, because exported C does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "int8_matrix.h"
#include "kernels.h"
#include "memory.h"
#include "refuse.h"

namespace filigree {

// What a network is, in the order of src/engine/int8-words.ts; nothing of it is kept.
struct Int8Words {
  const int32_t* words;
  size_t wordCount;
  const int8_t* weights;
  size_t weightCount;
  const float* floats;
  size_t floatCount;
};

class Int8Stream {
 public:
  // Refused unless the words describe a network and the arrays are as long as it needs.
  Int8Stream(const Int8Words& network, const Int8Kernels& kernels);

  // `symbol` is a row of the embedding: 0 <= symbol < symbols(). Writes outputs() numbers.
  void step(int symbol, float* outputs);
  // The same of numbers: width() of them.
  void step(const float* values, float* outputs);
  void reset();

  bool readsValues() const { return symbols_ == 0; }
  int symbols() const { return symbols_; }
  int width() const { return sources_[0].width; }
  int outputs() const { return outputs_; }
  size_t bytes() const;

 private:
  // The input, or what a node gives, and the same in whole numbers where something multiplies it.
  struct Source {
    int width;
    float inverse;  // 0: nothing does.
    Floats values;
    std::vector<uint8_t> rounded;
  };
  struct Product {
    int source;
    int first;  // The first row that it adds to.
    Int8Matrix matrix;
  };
  // A cell, whose last product reads its own output of the step before, or a sum.
  struct Node {
    int kind;  // An index of kCellShapes, or kCellKinds of a sum.
    Floats bias;
    Floats state;  // LSTM's c and tanh c.
    Floats table;  // [symbol][row]: the bias and the first product, where that reads symbols.
    std::vector<Product> products;
    std::vector<int> sources;
  };

  class Reader;
  void readCell(Reader& reader, Node& node, int size, const Int8Kernels& kernels);
  void readSum(Reader& reader, Node& node, int size);
  void makeTable(Node& node);
  void written(Source& source);
  void take(int symbol, float* outputs);

  const Int8Kernels& kernels_;
  int symbols_ = 0, outputs_ = 0;
  bool embeds_ = false;  // Whether symbols are multiplied at each step, and not looked up only.
  Floats embedding_;     // [symbol][width].
  std::vector<Source> sources_;
  std::vector<Node> nodes_;
  Floats gates_;         // Of the cell at work.
  Floats readoutBias_, said_;
  std::vector<Product> readout_;
};

}  // namespace filigree
