// The kernels of a module that streams one network: those of kernels.cc that a stream's step takes, and no others. This set of
// instructions fuses nothing, so cells with fused products are those without, of which int8_kernels.cc has one copy for both.
#define FILIGREE_UNFUSED
#include "cells.h"
#include "kernels.h"

namespace filigree::FILIGREE_SET {

extern const StreamKernels streamKernels;  // In stream_kernels.cc.

namespace {
template <class>
struct Forward;
template <class... Kinds>
struct Forward<unfused::Listed<Kinds...>> {
  static constexpr CellKernels kernels[] = {{unfused::cellForward<Kinds>, nullptr}...};
};
}  // namespace

extern const Kernels kernels = {
    .name = "standalone", .cells = Forward<unfused::Cells>::kernels, .stream = &streamKernels};

}  // namespace filigree::FILIGREE_SET
