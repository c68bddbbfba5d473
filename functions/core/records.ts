/**
 * What callers do with records. An edit names the heads that it was made from, and is refused when these are not the heads
 * here: what a caller has not seen, a caller cannot overwrite. See record-fold.ts for the rest.
 */
import { type Context, type Done, instant, type Outcome, read, refused, written } from './context.ts';
import { hashOf } from './hash.ts';
import { ITEM_VERSION, numberOf } from './item.ts';
import { foldRecord, type RecordView, tagOf, type Version } from './record-fold.ts';
import { type Guard, type Item, StoreUnavailable } from './store.ts';

/** Compare-and-sets of one edit: each that is lost means that another edit of this region went on. */
const EDIT_ATTEMPTS_MAX = 10;

/** A subject's records are its own: two subjects' records of one id are two records. */
export const recordKey = (subject: string, id: string): string => `RECORD#${hashOf('record', subject, id)}`;

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
}

/** @throws {StoreUnavailable} also when other edits of this region win every time */
export const editRecord = async (context: Context, edit: Edit): Promise<Outcome<RecordAnswer>> => {
  const { subject, id, value } = edit;
  const pk = recordKey(subject, id);
  const parents = [...new Set(edit.parents)].sort();
  const vid = hashOf('version', pk, parents, value, subject);
  for (let attempt = 0; attempt < EDIT_ATTEMPTS_MAX; attempt += 1) {
    const items = await readItems(context, pk);
    const record = foldRecord(items);
    const known = record?.versions.find((each) => each.vid === vid);
    if (known) return edited(id, pk, known, true);
    const heads = record?.heads.map((each) => each.vid) ?? [];
    if (tagOf(heads) !== tagOf(parents)) return refused('precondition-failed', mismatch(id, parents, heads));
    const atMs = context.clock.now();
    const item: Item = {
      pk,
      sk: `V#${vid}#${context.writer}`,
      v: ITEM_VERSION,
      parents,
      value,
      subject,
      hlc: context.hlc.next(atMs),
      at: atMs,
    };
    const { ok } = await context.store.transact([{ action: 'put', item, guards: [{ is: 'absent' }] }, advance(context, pk, items)]);
    if (ok) return edited(id, pk, { vid, parents, value, subject, hlc: '', atMs, by: context.writer, sk: item.sk }, false);
  }
  throw new StoreUnavailable(`${EDIT_ATTEMPTS_MAX} attempts to edit record ${id} lost to other edits of this region`);
};

export const getRecord = async (context: Context, { subject, id }: RecordName): Promise<Outcome<RecordAnswer>> => {
  const record = foldRecord(await readItems(context, recordKey(subject, id)));
  return record ? { ...read(recordAnswer(id, record)), tag: tagOf(record.heads.map(({ vid }) => vid)) } : noSuchRecord(id);
};

/** Versions, newest first. The cursor is a version, and continues in any region that holds it. */
export const getHistory = async (
  context: Context,
  { subject, id, cursor, limit }: RecordName & { readonly cursor?: string | undefined; readonly limit: number },
): Promise<Outcome<HistoryAnswer>> => {
  const record = foldRecord(await readItems(context, recordKey(subject, id)));
  if (!record) return noSuchRecord(id);
  const last = cursor === undefined ? -1 : record.versions.findIndex(({ vid }) => vid === cursor);
  if (cursor !== undefined && last < 0) return refused('not-found', `this region does not hold the version ${cursor} of record ${id}`);
  const rows = record.versions.slice(last + 1, last + 1 + limit);
  const next = record.versions.length > last + 1 + limit ? rows.at(-1)?.vid : undefined;
  const versions = rows.map((each) => ({ ...versionAnswer(each), parents: [...each.parents], head: record.heads.includes(each) }));
  return read(next === undefined ? { id, versions } : { id, versions, cursor: next });
};

const readItems = async (context: Context, pk: string): Promise<readonly Item[]> => {
  const items = await context.store.query(pk);
  for (const { hlc } of foldRecord(items)?.versions ?? []) context.hlc.observe(hlc, context.clock.now());
  return items;
};

/** Edits of one region come one after the other: each is made knowing all that came before it here. */
const advance = (context: Context, pk: string, items: readonly Item[]) => {
  const sk = `HEAD#${context.writer}`;
  const head = items.find((item) => item.sk === sk);
  const seen = head && numberOf(head, 'rev');
  const guard: Guard = seen === undefined ? { is: 'missing', attribute: 'rev' } : { is: 'equals', attribute: 'rev', value: seen };
  return { action: 'update', key: { pk, sk }, add: { rev: 1 }, guards: [guard] } as const;
};

const edited = (id: string, pk: string, version: Version, replayed: boolean): Done<RecordAnswer> => ({
  ...written({ id, ...versionAnswer(version), conflicts: [] }, { pk, sk: version.sk }, replayed),
  tag: version.vid,
  created: version.parents.length === 0,
});

const recordAnswer = (id: string, { winner, heads }: RecordView): RecordAnswer => ({
  id,
  ...versionAnswer(winner),
  conflicts: heads.filter((each) => each !== winner).map(versionAnswer),
});

/** A damaged value is shown as what it is: an item never breaks its reader. */
const versionAnswer = ({ vid, value, atMs, by }: Version): VersionAnswer => ({
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

const mismatch = (id: string, parents: readonly string[], heads: readonly string[]): string => {
  if (heads.length === 0) return `there is no record ${id} in this region; allowed: If-None-Match: *`;
  const now = `its ETag here is "${tagOf(heads)}"; read it, and send that as If-Match`;
  return parents.length === 0 ? `record ${id} exists; ${now}` : `record ${id} is not what was read; ${now}`;
};

const noSuchRecord = (id: string): Outcome<never> => refused('not-found', `there is no record ${id} of this caller in this region`);
