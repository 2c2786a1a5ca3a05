// Data that many trials share are made once and kept while there is room.

/**
 * The same function, whose last few results are kept.
 * @param most how many are kept; what is beyond is made anew when it is asked for. @param keyOf what tells two of them apart.
 */
export function keeping<Description, Data>(
  most: number,
  keyOf: (description: Description) => string,
  load: (description: Description) => Data,
): (description: Description) => Data {
  /** The last used one last. */
  const kept = new Map<string, Data>();
  return (description) => {
    const key = keyOf(description);
    const data = kept.get(key) ?? load(description);
    kept.delete(key);
    kept.set(key, data);
    const [oldest] = kept.keys();
    if (kept.size > most) kept.delete(oldest);
    return data;
  };
}
