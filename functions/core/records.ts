/**
 * What callers do with records. An edit names the heads that it was made from, and is refused when these are not the heads
 * here: what a caller has not seen, a caller cannot overwrite. See record-fold.ts for the rest.
 */
import { type Context, type Done, instant, type Outcome, read, refused, written } from './context.ts';
import { canonical, hashOf } from './hash.ts';
import { ITEM_VERSION, textOf } from './item.ts';
import { editCountOf, foldRecord, type RecordView, tagOf, type Version } from './record-fold.ts';
import { sum } from './stock-fold.ts';
import { type Committed, Damaged, type Guard, type Item, isWritable, type Key, StoreBusy, type Value } from './store.ts';

/**
 * Readings of a record for one edit. Whoever loses to another edit of this region finds it at the next reading, and is
 * refused or is it: only a reading that is torn takes more.
 */
const EDIT_ATTEMPTS_MAX = 5;
/** Of them, those that may be repeated because they were torn. */
const TORN_READINGS_MAX = 3;

/**
 * Bytes of a record's versions beyond which it takes no edit. Every reading and every edit reads all of them, by a strongly
 * consistent query: one read unit for each 4 KB, of the 3,000 a second that DynamoDB gives a partition. At this limit that
 * is 1,024 units, three readings a second; a record of 1 KB that was edited a hundred times takes 38. Regions that do not
 * hear of each other may each fill a record up to the limit: seven of them stay below what a query may read (32 MB).
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export const RECORD_BYTES_MAX = 4 * 2 ** 20;
/** Of a version's item without its value and its parents, and of one parent. */
const VERSION_BYTES = 512;
const PARENT_BYTES = 35;

/** A subject's records are its own: two subjects' records of one id are two records. */
export const recordKey = (subject: string, id: string): string => `${RECORD_PREFIX}${hashOf('record', subject, id)}`;
export const RECORD_PREFIX = 'RECORD#';

/** What a version's name is made of, besides its record. */
export interface VersionContent {
  /** Sorted. */
  readonly parents: readonly Value[];
  readonly value: string;
  readonly subject: string;
  /** The Idempotency-Key of the edit. Undefined: of a release that asked for none. */
  readonly key: string | undefined;
}

/**
 * Names a version by all that it is, so that one edit in two regions is one version, and by its key, so that two callers'
 * equal edits are two: of these one is made here, and the other one is refused.
 */
export const versionId = (pk: string, { parents, value, subject, key }: VersionContent): string =>
  hashOf('version', pk, parents, value, subject, ...(key === undefined ? [] : [key]));

export interface RecordName {
  readonly subject: string;
  readonly id: string;
}

/** A version as callers see it. */
export interface VersionAnswer {
  readonly version: string;
  readonly value: unknown;
  readonly editedAt: string;
  /** The writer: a region, with its incarnation after a rebuild. */
  readonly editedBy: string;
}

export interface RecordAnswer extends VersionAnswer {
  readonly id: string;
  /** Other heads, newest first. The next edit names all of them. */
  readonly conflicts: VersionAnswer[];
  /** Versions that these were made from have not arrived here: a conflict may be one that was superseded. */
  readonly incomplete?: true;
}

export interface HistoryAnswer {
  readonly id: string;
  /** Newest first. */
  readonly versions: (VersionAnswer & { readonly parents: string[]; readonly head: boolean })[];
  readonly cursor?: string;
}

export interface Edit extends RecordName {
  /** The heads that the caller saw; none: the record is to be new. */
  readonly parents: readonly string[];
  /** Canonical JSON text. */
  readonly value: string;
  /** Made once for the edit by its caller, and kept on retries. It is part of the version's name and of nothing else. */
  readonly key: string;
}

/**
 * An edit may be repeated anywhere under its key: it is one version. Repeated, it gets its first answer, whatever has come
 * after it. Under another key it is another edit, and equal words do not help it: a compare-and-set has one winner.
 * `unknown-version` is the refusal of a region that has not heard of what the edit was made from: another may take it.
 * `precondition-failed` means that the record has moved on: a region that would take the edit has merely not heard
 * of that yet, and would make a conflict of it.
 *
 * @throws {StoreBusy} also when other edits of this region win every time
 */
export const editRecord = async (context: Context, edit: Edit): Promise<Outcome<RecordAnswer>> => {
  const { subject, id, value, key } = edit;
  const pk = recordKey(subject, id);
  const parents = [...new Set(edit.parents)].sort();
  const vid = versionId(pk, { parents, value, subject, key });
  for (let attempt = 0; attempt < EDIT_ATTEMPTS_MAX; attempt += 1) {
    const { items, record } = await readRecord(context, pk);
    const headKey = { pk, sk: `HEAD#${context.writer}` };
    const head = items.find((item) => item.sk === headKey.sk);
    if (attempt < TORN_READINGS_MAX && isTorn(head, record)) continue;
    const known = record?.versions.find((each) => each.vid === vid);
    if (known) return edited(id, { pk, sk: known.sk }, known, true);
    const refusal = refusalOf(context, edit, parents, record);
    if (refusal) return refusal;
    const atMs = context.clock.now();
    const rev = revOf(head);
    const seen = record?.known ?? new Map<string, number>();
    // Of both: a count may have been damaged, and the region's own last version may be gone.
    const counted = editCountOf(rev) ?? 0;
    const n = 1 + Math.max(counted, seen.get(context.writer) ?? 0);
    const item: Item = {
      pk,
      sk: `V#${vid}#${context.writer}`,
      v: ITEM_VERSION,
      parents,
      value,
      subject,
      key,
      hlc: context.hlc.next(atMs),
      at: atMs,
      n,
      seen: Object.fromEntries(seen),
    };
    const outcome = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }, advance(headKey, { vid, n, rev })]);
    if (outcome.ok) {
      if (counted + 1 !== n || (head && editCountOf(rev) === undefined)) context.mended?.(headKey);
      return edited(id, item, { vid, parents, value, atMs, by: context.writer }, false);
    }
    refuseDamaged(outcome, head);
  }
  throw new StoreBusy(`${EDIT_ATTEMPTS_MAX} attempts to edit record ${id} lost to other edits of this region`);
};

export const getRecord = async (context: Context, { subject, id }: RecordName): Promise<Outcome<RecordAnswer>> => {
  const { record } = await readRecord(context, recordKey(subject, id));
  return record ? { ...read(recordAnswer(id, record)), tag: tagOf(record.heads.map(({ vid }) => vid)) } : noSuchRecord(id);
};

/**
 * Versions, newest first. The cursor is a version, and continues in any region that holds it; one that arrives late from
 * another region and sorts before it is missed.
 */
export const getHistory = async (
  context: Context,
  { subject, id, cursor, limit }: RecordName & { readonly cursor?: string | undefined; readonly limit: number },
): Promise<Outcome<HistoryAnswer>> => {
  const { record } = await readRecord(context, recordKey(subject, id));
  if (!record) return noSuchRecord(id);
  const last = cursor === undefined ? -1 : record.versions.findIndex(({ vid }) => vid === cursor);
  if (cursor !== undefined && last < 0) return refused('not-found', `this region does not hold the version ${cursor} of record ${id}`);
  const rows = record.versions.slice(last + 1, last + 1 + limit);
  const next = record.versions.length > last + 1 + limit ? rows.at(-1)?.vid : undefined;
  const versions = rows.map((each) => ({ ...versionAnswer(each), parents: [...each.parents], head: record.heads.includes(each) }));
  return read(next === undefined ? { id, versions } : { id, versions, cursor: next });
};

interface Reading {
  readonly items: readonly Item[];
  readonly record: RecordView | undefined;
}

const readRecord = async (context: Context, pk: string): Promise<Reading> => {
  const items = await context.store.query(pk);
  const record = foldRecord(items);
  for (const { hlc } of record?.versions ?? []) context.hlc.observe(hlc, context.clock.now());
  return { items, record };
};

/**
 * A query may meet a transaction half-way: DynamoDB isolates the two item by item. Then it shows this region's count as
 * the edit left it, without the edit, and the next edit would pass for one that knows all.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
 */
const isTorn = (head: Item | undefined, record: RecordView | undefined): boolean => {
  const last = head && textOf(head, 'vid');
  return last !== undefined && !record?.versions.some(({ vid }) => vid === last);
};

/** Edits of one region come one after the other: each is made knowing all that came before it here. */
const advance = (key: Key, { vid, n, rev }: { readonly vid: string; readonly n: number; readonly rev: Value | undefined }) => {
  const guard: Guard = rev === undefined ? { is: 'missing', attribute: 'rev' } : { is: 'equals', attribute: 'rev', value: rev };
  return { action: 'update', key, set: { rev: n, vid }, guards: [guard] } as const;
};

/** The count as it is, damaged or not: the next edit writes it anew. What cannot be compared counts as missing, and keeps edits out. */
const revOf = (head: Item | undefined): Value | undefined => (isWritable(head?.['rev']) ? head?.['rev'] : undefined);

/**
 * Lost to nobody: the version is there and cannot be read, or the count is as it was read and cannot be compared.
 *
 * @throws {Damaged}
 */
const refuseDamaged = ({ failed, item }: Extract<Committed, { readonly ok: false }>, head: Item | undefined): void => {
  if (!item) return;
  if (failed === 0 && !foldRecord([item])) throw new Damaged(item, 'is there, and says no version');
  if (failed === 1 && head && canonical(item) === canonical(head)) throw new Damaged(item, 'has "rev" that cannot be compared');
};

const edited = (
  id: string,
  carrier: Key,
  version: Pick<Version, 'vid' | 'parents' | 'value' | 'atMs' | 'by'>,
  replayed: boolean,
): Done<RecordAnswer> => ({
  ...written({ id, ...versionAnswer(version), conflicts: [] }, carrier, replayed),
  tag: version.vid,
  created: version.parents.length === 0,
});

const recordAnswer = (id: string, { winner, heads, incomplete }: RecordView): RecordAnswer => ({
  id,
  ...versionAnswer(winner),
  conflicts: heads.filter((each) => each !== winner).map(versionAnswer),
  ...(incomplete ? { incomplete } : {}),
});

/** A damaged value is shown as what it is: an item never breaks its reader. */
const versionAnswer = ({ vid, value, atMs, by }: Pick<Version, 'vid' | 'value' | 'atMs' | 'by'>): VersionAnswer => ({
  version: vid,
  value: parsed(value),
  editedAt: instant(atMs),
  editedBy: by,
});

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Why an edit cannot be made here; undefined: it can. */
const refusalOf = (
  { region }: Context,
  { id, value }: Edit,
  parents: readonly string[],
  record: RecordView | undefined,
): Outcome<never> | undefined => {
  const { versions = [], heads = [] } = record ?? {};
  const tag = tagOf(heads.map(({ vid }) => vid));
  if (tag === tagOf(parents)) {
    const bytes = sum([...versions, { value, parents }].map(bytesOf));
    return bytes <= RECORD_BYTES_MAX
      ? undefined
      : refused('record-full', `the history of record ${id} has reached the ${RECORD_BYTES_MAX} bytes it may; go on under another id`);
  }
  const unheard = parents.length > 0 && !hasMovedOn(parents, versions, heads);
  if (unheard)
    return refused('unknown-version', `region ${region} has not heard of all that this edit of record ${id} was made from; ask another`);
  const given = parents.length === 0 ? `record ${id} exists` : `record ${id} is not what was read`;
  return refused('precondition-failed', `${given}; its ETag here is "${tag}": read it, and send that as If-Match`);
};

/**
 * Whether the caller lacks something, and not this region: it holds what supersedes a version that the caller saw as a
 * head, or holds all that these were made from, and one head more.
 */
const hasMovedOn = (parents: readonly string[], versions: readonly Version[], heads: readonly Version[]): boolean => {
  const here = new Set(versions.map(({ vid }) => vid));
  const current = new Set(heads.map(({ vid }) => vid));
  if (parents.some((vid) => here.has(vid) && !current.has(vid))) return true;
  return [...parents, ...versions.flatMap((each) => each.parents)].every((vid) => here.has(vid));
};

const bytesOf = ({ value, parents }: Pick<Version, 'value' | 'parents'>): number =>
  Buffer.byteLength(value) + parents.length * PARENT_BYTES + VERSION_BYTES;

const noSuchRecord = (id: string): Outcome<never> => refused('not-found', `there is no record ${id} of this caller in this region`);
