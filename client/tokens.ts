/**
 * What a caller was told, kept so that whichever region it asks next can be held to it. By resource, because a request
 * about one is not to wait for another; and what was made in a collection once more under its name, for its lists.
 */

/** Resources whose tokens are kept; those used longest ago are forgotten. */
const RESOURCES_MAX = 1_000;
/** Tokens of one resource: as many as a request may carry. Newer ones do not stand for older ones: items arrive in no order. */
const TOKENS_MAX = 8;
/**
 * Milliseconds for which a list is held to what was made. Regions that lag longer have operators' attention; and of what
 * never arrives, because its region is lost, every list would be called stale after a wait.
 */
const MADE_MS_MAX = 5 * 60_000;

interface Kept {
  readonly token: string;
  /** When it was told, in milliseconds since 1970. */
  readonly atMs: number;
}

export class TokenMemory {
  private readonly kept = new Map<string, readonly Kept[]>();

  /** @param path that a write went to @param answer what it was told, which names what was made in a collection */
  remember(path: string, answer: unknown, token: string, nowMs: number): void {
    const subject = subjectOf(path);
    for (const name of new Set([subject.name, madeIn(subject, answer)])) if (name !== undefined) this.add(name, { token, atMs: nowMs });
  }

  /** For the header of a request to that path; undefined where nothing was told. */
  recall(path: string, nowMs: number): string | undefined {
    const { name, isList } = subjectOf(path);
    const known = this.kept.get(name);
    if (known === undefined) return undefined;
    this.keep(name, known);
    const tokens = known.filter(({ atMs }) => !isList || nowMs - atMs < MADE_MS_MAX).map(({ token }) => token);
    return tokens.length === 0 ? undefined : tokens.join(',');
  }

  private add(name: string, told: Kept): void {
    const others = this.kept.get(name)?.filter(({ token }) => token !== told.token) ?? [];
    this.keep(name, [...others, told].slice(-TOKENS_MAX));
    const [oldest] = this.kept.keys();
    if (this.kept.size > RESOURCES_MAX && oldest !== undefined) this.kept.delete(oldest);
  }

  /** At the end, as the one used last. */
  private keep(name: string, tokens: readonly Kept[]): void {
    this.kept.delete(name);
    this.kept.set(name, tokens);
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

const madeIn = ({ name, isList }: Subject, answer: unknown): string | undefined => {
  const id = isList && typeof answer === 'object' && answer !== null && 'id' in answer ? answer.id : undefined;
  return typeof id === 'string' ? `${name}/${encodeURIComponent(id)}` : undefined;
};
