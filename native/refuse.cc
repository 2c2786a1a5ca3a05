#include "refuse.h"

namespace filigree {

void refuse(const std::string& message) { throw Refused(message); }
void refuseMemory() { throw NotEnoughMemory(); }

}  // namespace filigree
