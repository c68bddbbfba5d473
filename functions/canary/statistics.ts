/** Numbers that one outlier does not move. */

/** Of an empty list: undefined. */
export const median = (values: readonly number[]): number | undefined => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  return sorted.length % 2 === 1 || upper === undefined ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

/** Growth from each value to the next, as the median over all pairs (Theil and Sen); of less than two values: undefined. */
export const slope = (values: readonly number[]): number | undefined =>
  median(values.flatMap((late, j) => values.slice(0, j).map((early, i) => (late - early) / (j - i))));
