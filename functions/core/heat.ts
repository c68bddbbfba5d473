/** Milliseconds for which a sku is called hot after an order of it lost to others. */
const REMEMBERED_MS = 30_000;
const SKUS_MAX = 1_000;

/** What an execution environment found to be wanted by many at once. No truth, only where an order is tried first. */
export class Heat {
  readonly #feltMs = new Map<string, number>();

  felt(sku: string, nowMs: number): void {
    this.#feltMs.delete(sku);
    this.#feltMs.set(sku, nowMs);
    const [oldest] = this.#feltMs.keys();
    if (this.#feltMs.size > SKUS_MAX && oldest !== undefined) this.#feltMs.delete(oldest);
  }

  isFelt(sku: string, nowMs: number): boolean {
    const feltMs = this.#feltMs.get(sku);
    return feltMs !== undefined && Math.abs(nowMs - feltMs) < REMEMBERED_MS;
  }
}
