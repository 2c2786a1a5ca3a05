// A stream as JavaScript sees it; see stream.h.
#pragma once

#include <napi.h>

namespace filigree {

// new NativeStream(words, masks, parameters), with step(symbol, logits) and reset().
Napi::Function defineNativeStream(Napi::Env env);

}  // namespace filigree
