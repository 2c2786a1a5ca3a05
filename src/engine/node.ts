// What the engine wants of Node.js, where it runs there: a browser runs the same modules, and nothing that they import may
// be missing in it.

/** A module of Node.js, for example "node:fs"; undefined elsewhere. */
export const builtin: typeof process.getBuiltinModule | undefined = globalThis.process?.getBuiltinModule;

/** The value of an environment variable, where there are any. */
export function variable(name: string): string | undefined {
  return globalThis.process?.env?.[name];
}

/** A warning of the process, or on the console. */
export function warn(line: string): void {
  if (builtin) process.emitWarning(line);
  else console.warn(line);
}
