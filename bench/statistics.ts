/** The middle of an uneven number of measurements, or the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
};

export interface Result {
  readonly name: string;
  readonly measured: string;
  readonly goal: string;
  readonly passed: boolean;
}
