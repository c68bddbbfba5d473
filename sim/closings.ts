/** Lost regions whose stock is reclaimed: which have their books closed at rest, and what came for them too late to be in the books. */
import { regionOfName } from './facts.ts';
import type { Change } from './replica.ts';

export class Closings {
  /** Reclaimed or being so, by the names of what came since the last run began. */
  readonly #late = new Map<string, Set<string>>();
  readonly #resting = new Set<string>();
  readonly #ever = new Set<string>();

  /** Operators start to work on a lost region. */
  begin(work: 'rebuild' | 'reclaim', region: string): void {
    this.#resting.delete(region);
    if (work === 'rebuild') {
      this.#late.delete(region);
      return;
    }
    this.#late.set(region, new Set());
    this.#ever.add(region);
  }

  /** Its books are closed, and nobody rebuilds it for now. */
  rest(region: string): void {
    this.#resting.add(region);
  }

  /** Regions with closed books that nobody works on. */
  get regions(): readonly string[] {
    return [...this.#resting];
  }

  /** Operators began to close its books, then or now. */
  wasBegun(region: string): boolean {
    return this.#ever.has(region);
  }

  isResting(region: string): boolean {
    return this.#resting.has(region);
  }

  /** A write anywhere: a receipt or a grant for a region whose books are being closed may miss them. */
  wrote({ item, before, key }: Change): void {
    if (item === undefined || item['reput'] !== undefined) return;
    const [type, second = ''] = key.sk.split('#');
    const sku = key.pk.slice('STOCK#'.length);
    for (const [region, late] of this.#late) {
      if (type === 'RECEIPT' && item['region'] === region) late.add(second);
      const granted = `granted_${region}`;
      if (type === 'HELD' && item[granted] !== before?.[granted]) late.add(moveName(sku, regionOfName(second)));
    }
  }

  /** Whether a receipt that names a region came too late for its books. */
  missedReceipt(region: string, hash: string): boolean {
    return this.isResting(region) && this.#late.get(region)?.has(hash) === true;
  }

  /** Whether a grant to a region came too late for its books. */
  missedGrant(giver: string, region: string, sku: string): boolean {
    return this.isResting(region) && this.#late.get(region)?.has(moveName(sku, giver)) === true;
  }
}

const moveName = (sku: string, giver: string): string => `${sku} of ${giver}`;
