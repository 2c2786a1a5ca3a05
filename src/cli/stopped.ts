// What a verb ends with when the user has stopped it. It is apart from the rest of what verbs share because the program
// knows it before any verb is loaded.

/** A run that the user stopped: not an error, but not a success. Says what has become of the work. */
export class Stopped extends Error {
  /** @param saved whether what was done is saved and the same command goes on from it. */
  constructor(saved: boolean) {
    super(saved ? "stopped; the same command goes on where it was" : "stopped; no file was written");
  }
}
