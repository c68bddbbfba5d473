/**
 * What replication moves: versions of items, totally ordered by write time. Pure.
 *
 * Global tables (MREC) settle concurrent writes of an item by "last writer wins" on a timestamp, item by item:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
 */
import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** Attributes of an item in DynamoDB's own notation. */
export type Image = Readonly<Record<string, AttributeValue>>;

/** Content of a key: an image, or null for "no item", with a hash that is equal exactly when the contents are. */
export interface Content {
  readonly image: Image | null;
  readonly hash: string;
}

/** One write of an application at one region. A null image is a deletion (a tombstone). */
export interface Version extends Content {
  readonly keyId: string;
  readonly key: Image;
  /** Region in which it was written. */
  readonly region: string;
  /** Milliseconds since 1970 at which it was written there. */
  readonly atMs: number;
  /** Its number in that region's stream: orders writes of one millisecond. Empty when unknown. */
  readonly sequence: string;
}

/** A record of a stream, decoded. */
export interface Change {
  readonly keyId: string;
  readonly key: Image;
  readonly before: Content;
  readonly after: Content;
  readonly atMs: number;
  readonly sequence: string;
}

const SETS: ReadonlySet<string> = new Set(['SS', 'NS', 'BS']);

/** One text for all notations of the same attributes: names sorted, sets sorted, bytes in base64. */
const canonical = (value: unknown, isSet = false): string => {
  if (value instanceof Uint8Array) return `b"${Buffer.from(value).toString('base64')}"`;
  if (Array.isArray(value)) {
    const parts = value.map((each) => canonical(each));
    return `[${(isSet ? parts.sort() : parts).join()}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each, SETS.has(name))}`).join()}}`;
  }
  return JSON.stringify(value) ?? 'undefined';
};

export const contentOf = (image: Image | null): Content => ({
  image,
  hash: image === null ? '-' : createHash('sha256').update(canonical(image)).digest('base64'),
});

export const ABSENT: Content = contentOf(null);

export const keyIdOf = (key: Image): string => canonical(key);

/**
 * Order of writes: by time; within a millisecond the region whose name sorts last wins, so that every region picks the
 * same winner; writes of one region and millisecond by their place in its stream. Negative: `a` loses.
 */
export const compareVersions = (a: Version, b: Version): number => {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs;
  if (a.region !== b.region) return a.region < b.region ? -1 : 1;
  if (a.sequence.length !== b.sequence.length) return a.sequence.length - b.sequence.length;
  return a.sequence < b.sequence ? -1 : Number(a.sequence !== b.sequence);
};

/** An item whose write time nobody knows (older than the stream): loses against every write that was seen. */
export const ancient = (region: string, key: Image, content: Content): Version => ({
  ...content,
  keyId: keyIdOf(key),
  key,
  region,
  atMs: 0,
  sequence: '',
});

/** MiniStack numbers stream records by 20 digits of milliseconds since 1970 and 10 digits of a counter. */
const TIMED_SEQUENCE = /^(\d{20})\d{10}$/;
/** A sequence number's time is believed when it agrees with the record's own second. */
const DISAGREEMENT_MS_MAX = 2_000;

/**
 * Write time of a stream record in milliseconds. `ApproximateCreationDateTime` has whole seconds, in AWS as in MiniStack,
 * which is too coarse for last writer wins; MiniStack's sequence number carries the millisecond. Of another emulator's
 * record only the second is known: then the moment of reading stands in, kept within that second, and order within a
 * region still comes from the stream. `previousMs` (the record before) keeps times from running backwards within a stream.
 */
export const writeTimeMs = (
  record: { readonly sequence: string; readonly createdMs: number },
  readAtMs: number,
  previousMs: number,
): number => {
  const digits = TIMED_SEQUENCE.exec(record.sequence)?.[1];
  const exactMs = digits === undefined ? Number.NaN : Number(digits);
  const timeMs =
    Math.abs(exactMs - record.createdMs) <= DISAGREEMENT_MS_MAX
      ? exactMs
      : Math.max(record.createdMs, Math.min(readAtMs, record.createdMs + 999));
  return Math.max(timeMs, previousMs);
};
