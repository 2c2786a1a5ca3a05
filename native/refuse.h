// How C++ says no: natively by an exception, which the border turns into one of JavaScript. In WebAssembly, which is built
// without exceptions, the host is told and never comes back; see wasm/host.cc.
#pragma once

#include <new>
#include <stdexcept>
#include <string>

namespace filigree {

// For anything in a plan, a state or a batch that does not fit; the message becomes an EngineError.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct NotEnoughMemory : std::bad_alloc {
  const char* what() const noexcept override { return "there is not enough memory for this network"; }
};

// Throw Refused, and NotEnoughMemory.
[[noreturn]] void refuse(const std::string& message);
[[noreturn]] void refuseMemory();

}  // namespace filigree
