/** Milliseconds for which an environment remembers that a sku was short: it looks before it tries to sell. */
export const SHORT_MS = 1_000;
/** Milliseconds for which a sku is called hot after an order of it lost to others: it is tried at a till first. */
export const HOT_MS = 30_000;
const SKUS_MAX = 1_000;

/** Skus of which an execution environment saw something a moment ago. No truth, only a reason to look or to try elsewhere first. */
export class RecentSkus {
  readonly #rememberedMs: number;
  readonly #seenMs = new Map<string, number>();

  constructor(rememberedMs: number) {
    this.#rememberedMs = rememberedMs;
  }

  seen(sku: string, nowMs: number): void {
    this.#seenMs.delete(sku);
    this.#seenMs.set(sku, nowMs);
    const [oldest] = this.#seenMs.keys();
    if (this.#seenMs.size > SKUS_MAX && oldest !== undefined) this.#seenMs.delete(oldest);
  }

  isFresh(sku: string, nowMs: number): boolean {
    const seenMs = this.#seenMs.get(sku);
    return seenMs !== undefined && Math.abs(nowMs - seenMs) < this.#rememberedMs;
  }
}
