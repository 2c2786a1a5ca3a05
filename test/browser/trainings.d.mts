export function trainings(
  filigree: typeof import("../../src/browser.js"),
  executor?: import("../../src/browser.js").ExecutorName,
): Promise<Record<string, string>>;
