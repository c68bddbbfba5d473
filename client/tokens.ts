/**
 * What a caller was told, kept so that whichever region it asks next can be held to it. By resource, because a request
 * about one is not to wait for another; and what was made in a collection once more under its name, for its lists.
 *
 * A token ends when it was answered: a region that has shown to hold what it names is not asked for that again.
 */

/** Resources whose tokens are kept; those used longest ago are forgotten. */
const RESOURCES_MAX = 1_000;
/** Tokens that a request may carry. */
const SENT_MAX = 8;
/** Tokens of one thing; the oldest are forgotten. A list has as many as a request may carry. */
const KEPT_MAX = 64;
/** Characters of a token: what is longer would make requests that gateways refuse. */
const TOKEN_CHARS_MAX = 1_000;
/**
 * Milliseconds for which a list is held to what was made. Regions that lag longer have operators' attention; and of what
 * never arrives, because its region is lost, every list would be called stale after a wait.
 */
const MADE_MS_MAX = 5 * 60_000;

interface Kept {
  readonly token: string;
  /** When it was told. */
  readonly atMs: number;
  /** Regions that showed to hold what it names. */
  readonly heldBy: ReadonlySet<string>;
}

/** What a region is to be asked for, besides what the request itself is about. */
export interface Recalled {
  readonly tokens: readonly string[];
  /** There are more than one request may carry. */
  readonly more: boolean;
  /** The region may wait for some of it: it has not shown to hold it. */
  readonly waits: boolean;
}

const NOTHING: Recalled = { tokens: [], more: false, waits: false };

export class TokenMemory {
  private readonly regions: readonly string[];
  private readonly kept = new Map<string, readonly Kept[]>();

  /** @param regions that may ever be asked: what all of them hold is forgotten */
  constructor(regions: readonly string[]) {
    this.regions = regions;
  }

  /** @param path that a write went to @param told by a region: its answer, which names what was made in a collection, and its token */
  remember(path: string, told: { readonly region: string; readonly answer: unknown; readonly token: string }, nowMs: number): void {
    const { region, answer, token } = told;
    if (token.length > TOKEN_CHARS_MAX || !/^[\x21-\x2b\x2d-\x7e]+$/.test(token)) return;
    const subject = subjectOf(path);
    const heldBy = new Set(shows(path, region) ? [region] : []);
    for (const name of new Set([subject.name, madeIn(subject, answer)]))
      if (name !== undefined) this.add(name, { token, atMs: nowMs, heldBy });
  }

  /** For a request to that path in that region: the oldest first, because newer ones do not stand for them. */
  recall(path: string, region: string, nowMs: number): Recalled {
    const { name, isList } = subjectOf(path);
    const known = this.kept.get(name);
    if (known === undefined) return NOTHING;
    this.keep(name, known);
    const wanted = known.filter(({ atMs, heldBy }) => (isList ? nowMs - atMs < MADE_MS_MAX : !heldBy.has(region)));
    const sent = wanted.slice(0, SENT_MAX);
    return {
      tokens: sent.map(({ token }) => token),
      more: sent.length < wanted.length,
      waits: sent.some(({ heldBy }) => !heldBy.has(region)),
    };
  }

  /** A region answered a request that carried these, and held all of it. */
  held(path: string, region: string, tokens: readonly string[]): void {
    const { name } = subjectOf(path);
    const known = this.kept.get(name) ?? [];
    const learnt = known.map((each) => (tokens.includes(each.token) ? { ...each, heldBy: new Set([...each.heldBy, region]) } : each));
    this.keep(
      name,
      learnt.filter((each) => !this.isOver(name, each)),
    );
  }

  /** A region knows no such tokens: nobody is asked for them again. */
  forget(path: string, tokens: readonly string[]): void {
    const { name } = subjectOf(path);
    this.keep(
      name,
      (this.kept.get(name) ?? []).filter(({ token }) => !tokens.includes(token)),
    );
  }

  private add(name: string, told: Kept): void {
    const others = this.kept.get(name)?.filter(({ token }) => token !== told.token) ?? [];
    const all = [...others, told].slice(isCollection(name) ? -SENT_MAX : -KEPT_MAX);
    this.keep(
      name,
      all.filter((each) => !this.isOver(name, each)),
    );
    const [oldest] = this.kept.keys();
    if (this.kept.size > RESOURCES_MAX && oldest !== undefined) this.kept.delete(oldest);
  }

  /** A list rests on an index, which may lack for a while what its region holds. */
  private isOver(name: string, { heldBy }: Kept): boolean {
    return !isCollection(name) && this.regions.every((region) => heldBy.has(region));
  }

  /** At the end, as the one used last. */
  private keep(name: string, tokens: readonly Kept[]): void {
    this.kept.delete(name);
    if (tokens.length > 0) this.kept.set(name, tokens);
  }
}

interface Subject {
  readonly name: string;
  /** A collection, not a thing in it. */
  readonly isList: boolean;
}

/** What a path is about: `/orders/1/payments?x` is about `orders/1`, and `/orders?x` about `orders`. */
const subjectOf = (path: string): Subject => {
  const [collection = '', id] = path.split('?', 1)[0]?.split('/').slice(1) ?? [];
  return id === undefined ? { name: collection, isList: true } : { name: `${collection}/${id}`, isList: false };
};

const isCollection = (name: string): boolean => !name.includes('/');

/** Whether a region that did a write shows at once what came of it: not a receipt that another region is to book. */
const shows = (path: string, region: string): boolean => {
  const [, , , , bookedBy = region] = path.split('/');
  return bookedBy === region;
};

const madeIn = ({ name, isList }: Subject, answer: unknown): string | undefined => {
  const id = isList && typeof answer === 'object' && answer !== null && 'id' in answer ? answer.id : undefined;
  return typeof id === 'string' ? `${name}/${encodeURIComponent(id)}` : undefined;
};
