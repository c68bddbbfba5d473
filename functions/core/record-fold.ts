/**
 * A record is the set of its versions. Each names the versions it was made from; those that no other was made from are the
 * heads, and all of them are kept. One head is the record's value; of several, made in regions that did not hear of each
 * other, one wins by a rule that every region applies alike, and the others are shown until an edit names them all.
 *
 * | item | meaning |
 * |---|---|
 * | `RECORD#r / V#vid#W` | a version: value, parents, who, when. vid is the hash of record, parents, value, subject and Idempotency-Key |
 * | `RECORD#r / HEAD#W` | counts W's edits, so that W makes them one after the other, and names the last |
 *
 * Items replicate by themselves, in no order, so a region may hold a version and not yet the one it was made from. Each says
 * therefore which of its writer's edits it is (`n`), and up to which edit of each writer all is superseded by it (`seen`):
 * a version is no head where a later one is, whatever is missing between them. That a version is superseded never becomes
 * untrue. Edits of one writer follow each other, so there are never more heads than writers.
 *
 * Version vectors instead of clocks: Parker et al., 1983; the heads are what Dynamo calls siblings.
 * https://www.allthingsdistributed.com/files/amazon-dynamo-sosp2007.pdf
 */
import { isNumber, isRecord, numberOf, partsOf, textOf, writerOf } from './item.ts';
import type { Item, Value } from './store.ts';
import { compareWriters } from './writer.ts';

/** Each version takes 512 bytes at least of the four megabytes at which a record takes no more. */
const EDITS_MAX = 8_192;

export interface Version {
  readonly vid: string;
  /** Versions that it was made from, sorted; none: it was the first. */
  readonly parents: readonly string[];
  /** JSON text. */
  readonly value: string;
  readonly subject: string;
  readonly hlc: string;
  readonly atMs: number;
  readonly by: string;
  /** Sort key of the item that says so. */
  readonly sk: string;
  /** Which of its writer's edits of the record it is, from 1; undefined: of a release that did not count. */
  readonly n: number | undefined;
  /** By writer: its edits up to this one are superseded. */
  readonly seen: ReadonlyMap<string, number>;
}

export interface RecordView {
  /** Newest first, by their hybrid logical clocks. */
  readonly versions: readonly Version[];
  /** The winner first, never empty. */
  readonly heads: readonly Version[];
  readonly winner: Version;
  /**
   * A version that others were made from is not here. Then a head may be one that it superseded: an edit that was repeated in
   * another region is counted there under another number.
   */
  readonly incomplete: boolean;
  /** By writer: the last of its edits that the items tell of. An edit of all heads supersedes all of these. */
  readonly known: ReadonlyMap<string, number>;
}

/** The record that these items of one partition make; undefined when no version is among them. */
export const foldRecord = (items: readonly Item[]): RecordView | undefined => {
  const copies = items.flatMap(versionOf).sort(latestCopyFirst);
  const versions = foldVersions(copies);
  const parents = new Set(versions.flatMap((each) => each.parents));
  const seen = latestOf(copies.flatMap((each) => [...each.seen]));
  const superseded = new Set(copies.filter(({ by, n }) => n !== undefined && n <= (seen.get(by) ?? 0)).map(({ vid }) => vid));
  const free = versions.filter(({ vid }) => !parents.has(vid) && !superseded.has(vid));
  // Sound versions go round in no circle. Where damaged ones do, the newest is shown.
  const heads = free.length > 0 ? free : versions.slice(0, 1);
  const [winner] = heads;
  if (winner === undefined) return undefined;
  const here = new Set(versions.map(({ vid }) => vid));
  const known = latestOf([...seen, ...copies.map(({ by, n = 0 }) => [by, n] as const)]);
  return { versions, heads, winner, incomplete: [...parents].some((vid) => !here.has(vid)), known };
};

const latestOf = (numbers: readonly (readonly [string, number])[]): ReadonlyMap<string, number> => {
  const latest = new Map<string, number>();
  for (const [writer, n] of numbers) latest.set(writer, Math.max(n, latest.get(writer) ?? 0));
  return latest;
};

/** Heads as one tag, which names each of them: a region that has other heads can tell what the caller saw. */
export const tagOf = (vids: readonly string[]): string => [...new Set(vids)].sort().join('.');

/**
 * The same edit made in two regions is one version: as the first of them made it. Made again later, by an attempt that its
 * caller had given up, it is not newer than what was made from it meanwhile.
 */
const foldVersions = (copies: readonly Version[]): readonly Version[] =>
  [...new Map(copies.map((version) => [version.vid, version])).values()].sort(newestFirst);

const latestCopyFirst = (a: Version, b: Version): number => (a.hlc === b.hlc ? compareWriters(b.by, a.by) : a.hlc < b.hlc ? 1 : -1);

const newestFirst = (a: Version, b: Version): number => (a.hlc === b.hlc ? (a.vid < b.vid ? 1 : -1) : a.hlc < b.hlc ? 1 : -1);

const versionOf = (item: Item): readonly Version[] => {
  const [type, vid] = partsOf(item);
  const [value, subject, hlc, atMs] = [textOf(item, 'value'), textOf(item, 'subject'), textOf(item, 'hlc'), numberOf(item, 'at')];
  if (type !== 'V' || vid === undefined || value === undefined || subject === undefined || hlc === undefined || atMs === undefined)
    return [];
  const { parents, seen } = item;
  const known = Array.isArray(parents) ? parents.filter((each) => typeof each === 'string') : [];
  const counts = isRecord(seen) ? Object.entries(seen).flatMap(([name, each]) => pairOf(name, editCountOf(each))) : [];
  const by = writerOf(item);
  return [{ vid, parents: known, value, subject, hlc, atMs, by, sk: item.sk, n: editCountOf(item['n']), seen: new Map(counts) }];
};

const pairOf = (name: string, n: number | undefined): readonly (readonly [string, number])[] => (n === undefined ? [] : [[name, n]]);

/** How many edits, from 1. Undefined: of a release that did not count, or damaged; a record is full before a writer has made so many. */
export const editCountOf = (value: Value | undefined): number | undefined =>
  isNumber(value) && value >= 1 && value <= EDITS_MAX ? value : undefined;
