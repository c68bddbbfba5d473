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
 * Items replicate by themselves, in no order, so a region may hold a version and not yet the one it was made from: older
 * ones are heads there for that long. That a version is superseded never becomes untrue.
 *
 * Causal histories instead of clocks: Parker et al., 1983; the heads are what Dynamo calls siblings.
 * https://www.allthingsdistributed.com/files/amazon-dynamo-sosp2007.pdf
 */
import { numberOf, partsOf, textOf, writerOf } from './item.ts';
import type { Item } from './store.ts';
import { compareWriters } from './writer.ts';

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
}

export interface RecordView {
  /** Newest first, by their hybrid logical clocks. */
  readonly versions: readonly Version[];
  /** The winner first, never empty. */
  readonly heads: readonly Version[];
  readonly winner: Version;
}

/** The record that these items of one partition make; undefined when no version is among them. */
export const foldRecord = (items: readonly Item[]): RecordView | undefined => {
  const versions = foldVersions(items);
  const superseded = new Set(versions.flatMap(({ parents }) => parents));
  const heads = versions.filter(({ vid }) => !superseded.has(vid));
  const [winner] = heads;
  return winner && { versions, heads, winner };
};

/** Heads as one tag, which names each of them: a region that has other heads can tell what the caller saw. */
export const tagOf = (vids: readonly string[]): string => [...new Set(vids)].sort().join('.');

/**
 * The same edit made in two regions is one version: as the first of them made it. Made again later, by an attempt that its
 * caller had given up, it is not newer than what was made from it meanwhile.
 */
const foldVersions = (items: readonly Item[]): readonly Version[] => {
  const told = items.flatMap(versionOf).sort(latestCopyFirst);
  return [...new Map(told.map((version) => [version.vid, version])).values()].sort(newestFirst);
};

const latestCopyFirst = (a: Version, b: Version): number => (a.hlc === b.hlc ? compareWriters(b.by, a.by) : a.hlc < b.hlc ? 1 : -1);

const newestFirst = (a: Version, b: Version): number => (a.hlc === b.hlc ? (a.vid < b.vid ? 1 : -1) : a.hlc < b.hlc ? 1 : -1);

const versionOf = (item: Item): readonly Version[] => {
  const [type, vid] = partsOf(item);
  const [value, subject, hlc, atMs] = [textOf(item, 'value'), textOf(item, 'subject'), textOf(item, 'hlc'), numberOf(item, 'at')];
  if (type !== 'V' || vid === undefined || value === undefined || subject === undefined || hlc === undefined || atMs === undefined)
    return [];
  const { parents } = item;
  const known = Array.isArray(parents) ? parents.filter((each) => typeof each === 'string') : [];
  return [{ vid, parents: known, value, subject, hlc, atMs, by: writerOf(item), sk: item.sk }];
};
