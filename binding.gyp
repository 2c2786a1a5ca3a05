{
  # The kernels are one source compiled once for each instruction set; the rest is ordinary C++. Every copy lives in a
  # namespace of its own and only the one that the processor can run is ever called.
  "variables": {
    "kernel_flags": ["-std=c++20", "-O3", "-ffp-contract=off", "-fno-exceptions", "-fno-rtti", "-fPIC",
                     "-Wall", "-Wextra", "-Wno-uninitialized", "-Wno-maybe-uninitialized"]
  },
  "target_defaults": {
    "cflags!": ["-O2", "-fno-omit-frame-pointer"],
    "cflags_cc!": ["-std=gnu++17", "-fno-exceptions"],
    "xcode_settings": { "CLANG_CXX_LANGUAGE_STANDARD": "c++20", "GCC_OPTIMIZATION_LEVEL": "3" }
  },
  "targets": [
    {
      "target_name": "kernels_baseline",
      "type": "static_library",
      "sources": ["native/kernels.cc", "native/stream_kernels.cc"],
      "cflags_cc": ["<@(kernel_flags)"],
      "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)"] }
    },
    {
      "target_name": "kernels_avx2",
      "type": "static_library",
      "conditions": [["target_arch=='x64'", {
        "sources": ["native/kernels.cc", "native/stream_kernels.cc"],
        "cflags_cc": ["<@(kernel_flags)", "-mavx2", "-mfma"],
        "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "-mavx2", "-mfma"] }
      }, { "type": "none" }]]
    },
    {
      "target_name": "kernels_avx512",
      "type": "static_library",
      "conditions": [["target_arch=='x64'", {
        "sources": ["native/kernels.cc", "native/stream_kernels.cc"],
        "cflags_cc": ["<@(kernel_flags)", "-mavx2", "-mfma", "-mavx512f"],
        "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "-mavx2", "-mfma", "-mavx512f"] }
      }, { "type": "none" }]]
    },
    {
      "target_name": "filigree",
      "sources": ["native/binding.cc", "native/executor.cc", "native/jobs.cc", "native/matrix.cc",
                  "native/measure.cc", "native/plan.cc", "native/processor.cc", "native/stream.cc",
                  "native/stream_binding.cc", "native/stream_matrix.cc", "native/team.cc", "native/tile.cc"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "dependencies": ["kernels_baseline", "kernels_avx2", "kernels_avx512"],
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-std=c++20", "-O3", "-fexceptions", "-ffp-contract=off", "-Wall", "-Wextra"],
      "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES", "MACOSX_DEPLOYMENT_TARGET": "11.0" }
    }
  ]
}
