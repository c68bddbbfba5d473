/**
 * What is known of one table in one region: for each key its content as the region's stream last showed it, and the
 * newest version that arrived there. Decides what to apply, tells echoes of replicated writes from the application's own
 * writes, and finds where an older write overwrote a newer one. Pure: no clock, no I/O.
 *
 * Nothing in a stream record says who wrote, so a replicated write is recognised by what it changed: from the content it
 * replaced (the answer to the write tells) to the content it wrote. Every write is conditional on the content that is
 * believed to be there, so that a write which the stream has not shown yet is not overwritten, and a write that was given
 * up and is applied late does nothing. What slips through (a change that only adds attributes keeps the condition true; a
 * value that went and came back) is seen in the stream, in order, and repaired.
 */
import { ABSENT, ancient, type Change, type Content, compareVersions, type Version } from './version.ts';

/** A write under way to the region, or answered and not yet seen in its stream. */
export interface Send {
  readonly version: Version;
  /** The write is made on the condition that this is there. */
  readonly expected: Content;
}

/** How a write ended. `unknown`: no answer; it may be applied at any time, or never. */
export type Outcome =
  | { readonly kind: 'applied'; readonly before: Content }
  | { readonly kind: 'refused'; readonly found: Content }
  | { readonly kind: 'unknown' };

export type Offer = { readonly kind: 'settled' } | { readonly kind: 'send'; readonly send: Send };

type SendState =
  /** No answer yet. One of `seen` may be its record, the answer will tell which; the others are the application's. */
  | { readonly kind: 'flying'; readonly seen: readonly Seen[] }
  /** Given up without an answer. */
  | { readonly kind: 'open'; readonly sinceMs: number }
  | { readonly kind: 'applied'; readonly before: Content };

interface Seen {
  readonly before: Content;
  /** The record as a write of the application. */
  readonly version: Version;
}

interface Entry {
  /** Content after the last record of the stream. */
  shown: Content;
  /** Newest version that arrived: what AWS would have there. */
  best: Version | undefined;
  readonly sends: Map<Send, SendState>;
  /** Records seen. */
  revision: number;
}

const SETTLED: Offer = { kind: 'settled' };

export class Replica {
  readonly region: string;
  readonly #entries = new Map<string, Entry>();
  /** Keys to look at for repair. */
  readonly #doubtful = new Set<string>();

  constructor(region: string) {
    this.region = region;
  }

  /**
   * Takes the next record of the region's stream. Answers the version when the application wrote it; undefined when it
   * is a replicated write coming by, which must not travel on, or when only the answer to a write will tell (`settle`).
   */
  observe(change: Change): Version | undefined {
    const entry = this.#entry(change.keyId);
    entry.shown = change.after;
    entry.revision += 1;
    this.#doubtful.add(change.keyId);
    const version: Version = {
      ...change.after,
      keyId: change.keyId,
      key: change.key,
      region: this.region,
      atMs: change.atMs,
      sequence: change.sequence,
    };
    return attribute(entry, { before: change.before, version });
  }

  /** A version has arrived by a link, or is to be repaired: what must be written, if anything. */
  offer(version: Version): Offer {
    const entry = this.#entry(version.keyId);
    if (entry.best && compareVersions(version, entry.best) < 0) return SETTLED;
    const expected = believed(entry);
    if (expected.hash === version.hash) {
      raise(entry, version);
      return SETTLED;
    }
    const send: Send = { version, expected };
    entry.sends.set(send, { kind: 'flying', seen: [] });
    return { kind: 'send', send };
  }

  /**
   * A write that `offer` asked for has ended. Answers the versions of records that looked like this write and turn out to
   * have been the application's own.
   */
  settle(send: Send, outcome: Outcome, nowMs: number): readonly Version[] {
    const entry = this.#entry(send.version.keyId);
    const state = entry.sends.get(send);
    const seen = state?.kind === 'flying' ? state.seen : [];
    const echo = outcome.kind === 'applied' ? seen.find(({ before }) => before.hash === outcome.before.hash) : undefined;
    this.#doubtful.add(send.version.keyId);
    entry.sends.delete(send);
    if (outcome.kind === 'applied' || (outcome.kind === 'refused' && outcome.found.hash === send.version.hash)) raise(entry, send.version);
    if (outcome.kind === 'unknown') entry.sends.set(send, { kind: 'open', sinceMs: nowMs });
    // A write that changes nothing makes no stream record.
    if (!echo && outcome.kind === 'applied' && outcome.before.hash !== send.version.hash) entry.sends.set(send, outcome);
    return seen.flatMap((each) => (each === echo ? [] : (attribute(entry, each) ?? [])));
  }

  /** How often a key was seen in the stream. */
  revision(keyId: string): number {
    return this.#entries.get(keyId)?.revision ?? 0;
  }

  /**
   * A write was refused because of `found`, and the stream, read to its end since, did not mention the key (its revision
   * is still `revision`): the item is older than the stream. Believe what was found.
   */
  learn(version: Version, found: Content, revision: number): void {
    const entry = this.#entry(version.keyId);
    if (entry.revision !== revision) return;
    entry.shown = found;
    for (const [send, state] of entry.sends) if (state.kind === 'applied') entry.sends.delete(send);
    entry.best ??= found.image === null ? undefined : ancient(this.region, version.key, found);
    this.#doubtful.add(version.keyId);
  }

  /** Versions that must be written again because something older is there now. */
  repairs(): readonly Version[] {
    const versions: Version[] = [];
    for (const keyId of this.#doubtful) {
      const entry = this.#entries.get(keyId);
      if (!entry?.best || entry.shown.hash === entry.best.hash) this.#doubtful.delete(keyId);
      else if ([...entry.sends.values()].every((state) => state.kind === 'open')) versions.push(entry.best);
    }
    return versions;
  }

  /** Stops waiting for writes without an answer that ended before `beforeMs`. */
  expire(beforeMs: number): void {
    for (const entry of this.#entries.values()) {
      for (const [send, state] of entry.sends) if (state.kind === 'open' && state.sinceMs < beforeMs) entry.sends.delete(send);
    }
  }

  /** Newest version of a key that arrived here. */
  best(keyId: string): Version | undefined {
    return this.#entries.get(keyId)?.best;
  }

  /** Deletions that arrived here: a scan does not show them. */
  tombstones(): readonly Version[] {
    return [...this.#entries.values()].flatMap(({ best }) => (best && best.image === null ? [best] : []));
  }

  /** Forgets deletions made before `beforeMs`. */
  forgetTombstones(beforeMs: number): void {
    for (const [keyId, { best, shown, sends }] of this.#entries) {
      if (best?.image === null && best.atMs < beforeMs && shown.image === null && sends.size === 0) this.#entries.delete(keyId);
    }
  }

  #entry(keyId: string): Entry {
    const known = this.#entries.get(keyId);
    if (known) return known;
    const entry: Entry = { shown: ABSENT, best: undefined, sends: new Map(), revision: 0 };
    this.#entries.set(keyId, entry);
    return entry;
  }
}

/** What is there if nobody else wrote: the last write that was answered and not seen yet, else what the stream showed. */
const believed = (entry: Entry): Content => {
  let content = entry.shown;
  for (const [send, state] of entry.sends) if (state.kind === 'applied') content = send.version;
  return content;
};

const raise = (entry: Entry, version: Version): void => {
  if (!entry.best || compareVersions(version, entry.best) > 0) entry.best = version;
};

/**
 * Whose write a record shows: undefined for a replicated one, or while only the answer to a write can tell. Of an answered
 * write both contents are known; of others only the new one is. When the application made the same change while a write
 * had no answer for good, its change passes for the replicated one.
 */
const attribute = (entry: Entry, record: Seen): Version | undefined => {
  const same = [...entry.sends].filter(([send]) => send.version.hash === record.version.hash);
  const flying = same.find(([, state]) => state.kind === 'flying');
  const echo =
    same.find(([, state]) => state.kind === 'applied' && state.before.hash === record.before.hash) ??
    flying ??
    same.find(([, state]) => state.kind === 'open');
  if (!echo) {
    raise(entry, record.version);
    return record.version;
  }
  const [send, state] = echo;
  if (state.kind === 'flying') {
    entry.sends.set(send, { kind: 'flying', seen: [...state.seen, record] });
    return undefined;
  }
  entry.sends.delete(send);
  raise(entry, send.version);
  return undefined;
};
