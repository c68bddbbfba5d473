/** Milliseconds for which an environment remembers that a sku was short: it looks before it tries to sell. */
const REMEMBERED_MS = 1_000;
const SKUS_MAX = 1_000;

/** What an execution environment found to be short a moment ago. Not a truth, but a reason to look before writing. */
export class Shortages {
  readonly #seenMs = new Map<string, number>();

  seen(sku: string, nowMs: number): void {
    this.#seenMs.delete(sku);
    this.#seenMs.set(sku, nowMs);
    const [oldest] = this.#seenMs.keys();
    if (this.#seenMs.size > SKUS_MAX && oldest !== undefined) this.#seenMs.delete(oldest);
  }

  isFresh(sku: string, nowMs: number): boolean {
    const seenMs = this.#seenMs.get(sku);
    return seenMs !== undefined && Math.abs(nowMs - seenMs) < REMEMBERED_MS;
  }
}
