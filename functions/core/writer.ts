/**
 * The region that writes, with its incarnation: `eu-west-1`, and `eu-west-1.2` after it was lost for good and rebuilt.
 * Every sort key ends with the one writer that may write it, and a retired name is never used again.
 */
export interface Writer {
  readonly region: string;
  /** Counts from 1. */
  readonly incarnation: number;
}

export const writerName = ({ region, incarnation }: Writer): string => (incarnation === 1 ? region : `${region}.${incarnation}`);

export const parseWriter = (name: string): Writer => {
  const [region = '', incarnation] = name.split('.');
  return { region, incarnation: incarnation === undefined ? 1 : Number(incarnation) };
};

export const regionOf = (writer: string): string => parseWriter(writer).region;

/** The total order behind "the smallest region": by region, then by incarnation. The same in every region. */
export const compareWriters = (a: string, b: string): number => {
  const [left, right] = [parseWriter(a), parseWriter(b)];
  if (left.region !== right.region) return left.region < right.region ? -1 : 1;
  return left.incarnation - right.incarnation;
};

/** The smallest writer of a non-empty list, else undefined. */
export const smallestWriter = (writers: Iterable<string>): string | undefined => [...writers].sort(compareWriters)[0];
