// A percentage is easily taken for a share: 0.5 for a half.

/** What to say of a percentage that was probably meant as a share, and undefined of any other. */
export function shareRemark(percent: number): string | undefined {
  if (percent <= 0 || percent >= 1) return undefined;
  const meant = Number((100 * percent).toPrecision(6));
  return `${percent} is less than one percent; ${meant} is ${meant} %`;
}
