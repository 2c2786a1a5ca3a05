// The kernels of a module that streams one network: those of kernels.cc that a stream's step takes, and no others.
#include "kernels.h"

#include "cells.h"

namespace filigree::FILIGREE_ISA {

extern const StreamKernels streamKernels;  // In stream_kernels.cc.

namespace {
template <class>
struct Forward;
template <class... Kinds>
struct Forward<Listed<Kinds...>> {
  static constexpr CellKernels kernels[] = {{cellForward<Kinds>, nullptr}...};
};
}  // namespace

extern const Kernels kernels = {.name = "standalone", .cells = Forward<Cells>::kernels, .stream = &streamKernels};

}  // namespace filigree::FILIGREE_ISA
