import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: "test/typed-arrays.ts",
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    // All cores: vitest's own choice leaves one of two idle.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
