// What the executor wants of its host in WebAssembly, and what it gets in place of exceptions: whatever goes wrong is told
// to the host, which never comes back. A module that stands alone has none, and traps.
#include "refuse.h"

#include <__verbose_abort>
#include <cstdlib>
#include <cstring>

// Throws an exception of JavaScript that ends the call from there. The instance is of no use afterwards.
#ifdef FILIGREE_STANDALONE
[[noreturn]] static void tellHost(const char*, size_t) { __builtin_trap(); }
#else
extern "C" [[noreturn]] __attribute__((import_module("filigree"), import_name("refuse"))) void tellHost(
    const char* message, size_t length);
#endif

namespace filigree {

void refuse(const std::string& message) { tellHost(message.data(), message.size()); }

void refuseMemory() {
  const char* message = NotEnoughMemory().what();
  tellHost(message, std::strlen(message));
}

}  // namespace filigree

void* operator new(size_t bytes) {
  if (void* memory = std::malloc(bytes)) return memory;
  filigree::refuseMemory();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

// The complaints of the standard library, of a vector that would be longer than memory, and of what is below it, which
// would print them.
_LIBCPP_BEGIN_NAMESPACE_STD
void __libcpp_verbose_abort(const char*, ...) noexcept { filigree::refuseMemory(); }
_LIBCPP_END_NAMESPACE_STD
extern "C" [[noreturn]] void __abort_message(const char* message, ...) { tellHost(message, std::strlen(message)); }
