// What stands for modules of Node.js in suites that run in a browser: what they call there has nothing to do here.
export function setFlagsFromString(): void {}

export function readFileSync(): never {
  throw new Error("there are no files in a browser");
}
