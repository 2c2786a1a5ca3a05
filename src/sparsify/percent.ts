// A percentage is easily taken for a share: 0.5 for a half.

/** What to say of a percentage that was probably meant as a share, and undefined of any other. */
export function shareRemark(percent: number): string | undefined {
  if (percent <= 0 || percent >= 1) return undefined;
  return "a percent below 1 removes less than one weight in a hundred; to remove half of them, write 50";
}
