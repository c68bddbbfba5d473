/**
 * What a caller was told, kept so that whichever region it asks next can be held to it. By resource, because a request
 * about one is not to wait for another.
 */

/** Resources whose tokens are kept; those used longest ago are forgotten. */
const RESOURCES_MAX = 1_000;
/** Tokens of one resource: as many as a request may carry. Newer ones do not stand for older ones: items arrive in no order. */
const TOKENS_MAX = 8;

export class TokenMemory {
  private readonly tokens = new Map<string, readonly string[]>();

  remember(resource: string, token: string): void {
    const others = this.tokens.get(resource)?.filter((each) => each !== token) ?? [];
    this.keep(resource, [...others, token].slice(-TOKENS_MAX));
    const [oldest] = this.tokens.keys();
    if (this.tokens.size > RESOURCES_MAX && oldest !== undefined) this.tokens.delete(oldest);
  }

  /** For a header; undefined where nothing was told. */
  recall(resource: string): string | undefined {
    const known = this.tokens.get(resource);
    if (known === undefined) return undefined;
    this.keep(resource, known);
    return known.join(',');
  }

  /** At the end, as the one used last. */
  private keep(resource: string, tokens: readonly string[]): void {
    this.tokens.delete(resource);
    this.tokens.set(resource, tokens);
  }
}

/** What a path is about: `/orders/1/payments?x` is about `/orders/1`, and `/orders` about what its answer names. */
export const resourceOf = (path: string, answer?: unknown): string | undefined => {
  const [collection, id] = path.split('?', 1)[0]?.split('/').slice(1) ?? [];
  if (id !== undefined) return `${collection}/${id}`;
  const named = typeof answer === 'object' && answer !== null && 'id' in answer ? answer.id : undefined;
  return typeof named === 'string' ? `${collection}/${encodeURIComponent(named)}` : undefined;
};
