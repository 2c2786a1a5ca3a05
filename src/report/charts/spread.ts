// Moves labels apart. Kept by itself because it is the one piece of layout that the charting library leaves to us.

/**
 * Positions close to the wanted ones, in the same order, at least `gap` apart and within [low, high] as far as they fit.
 * Neighbours that are too close form a group that shares its displacement evenly.
 */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  interface Group {
    members: number[];
    start: number;
  }
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const settle = (members: number[]): Group => {
    const extent = gap * (members.length - 1);
    const centre = members.reduce((sum, i) => sum + wanted[i], 0) / members.length;
    return { members, start: Math.max(low, Math.min(high - extent, centre - extent / 2)) };
  };
  const groups: Group[] = [];
  for (const i of order) {
    let group = settle([i]);
    while (groups.length > 0) {
      const previous = groups[groups.length - 1];
      if (group.start - (previous.start + gap * (previous.members.length - 1)) >= gap) break;
      groups.pop();
      group = settle([...previous.members, ...group.members]);
    }
    groups.push(group);
  }
  const placed = new Array<number>(wanted.length);
  for (const { members, start } of groups) {
    members.forEach((i, rank) => {
      placed[i] = start + gap * rank;
    });
  }
  return placed;
}
