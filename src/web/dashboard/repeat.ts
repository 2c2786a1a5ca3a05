// The command that repeats a trial: a study of one, in a store of its own. Its identity there is the same, as it depends on
// kind, configuration and seed alone, so whoever runs it can see whether the results are.

/** What a trial is made of. */
export interface Repeated {
  readonly kind: string;
  readonly seed: number;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** For a POSIX shell. */
export function repeatCommand({ kind, seed, configuration }: Repeated): string {
  const study = JSON.stringify({ name: "repeat", kind, seed, fixed: configuration });
  // In JSON an apostrophe stands in strings alone, where it has another spelling too.
  return `printf %s '${study.replaceAll("'", "\\u0027")}' > repeat.json && filigree study run repeat.json --store repeat.db`;
}
