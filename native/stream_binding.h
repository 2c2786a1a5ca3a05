// Streams as JavaScript sees them; see stream.h and int8_stream.h.
#pragma once

#include <napi.h>

namespace filigree {

// new NativeStream(words, masks, parameters), with step(symbol, logits) and reset().
Napi::Function defineNativeStream(Napi::Env env);

// new NativeInt8Stream(words, weights, floats), with step(input, logits) and reset().
Napi::Function defineNativeInt8Stream(Napi::Env env);

}  // namespace filigree
