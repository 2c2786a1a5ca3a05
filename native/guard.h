// What every function of the border shares: exceptions of C++ become those of JavaScript, and typed arrays are told apart.
#pragma once

#include <napi.h>

#include "plan.h"

namespace filigree {

// f(), or a JavaScript exception with the words of the C++ one that it throws.
template <class F>
auto guarded(Napi::Env env, F f) -> decltype(f()) {
  try {
    return f();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

// The typed array in `value`. What it points to is good until JavaScript runs again. Refused when it is none.
template <class Array>
Array typedArray(const Napi::Value& value, napi_typedarray_type type, const char* otherwise) {
  if (!value.IsTypedArray()) refuse(otherwise);
  const auto array = value.As<Array>();
  if (array.TypedArrayType() != type) refuse(otherwise);
  return array;
}

}  // namespace filigree
