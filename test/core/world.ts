/** A small world for the rules: regions with a memory store each, and replication by hand. */
import type { Context, Outcome } from '../../functions/core/context.ts';
import { Hlc } from '../../functions/core/hlc.ts';
import { partsOf } from '../../functions/core/item.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { placeOrder } from '../../functions/core/orders.ts';
import { reconcileOrder } from '../../functions/core/reconcile.ts';
import { bookReceipt, rebalanceStock, receiveStock } from '../../functions/core/stock.ts';
import { WISH } from '../../functions/core/wishes.ts';
import { regionOf } from '../../functions/core/writer.ts';

export interface Place extends Context {
  readonly store: MemoryStore;
}

export class World {
  nowMs = 1_760_000_000_000;
  readonly places: readonly Place[];

  constructor(regions: readonly string[] = ['a', 'b'], storeOf: (region: string) => MemoryStore = () => new MemoryStore()) {
    const clock = { now: () => this.nowMs };
    this.places = regions.map((region) => ({ store: storeOf(region), clock, hlc: new Hlc(), region, writer: region, regions }));
  }

  at(region: string): Place {
    const place = this.places.find((each) => each.region === region);
    if (!place) throw new Error(`no region ${region}`);
    return place;
  }

  /** Carries each item to every other region, from the one region that writes it: what replication ends in. */
  replicate(): void {
    for (const from of this.places) {
      for (const item of from.store.items()) {
        if (regionOf(item.sk.split('#').at(-1) ?? '') !== from.region) continue;
        for (const to of this.places) if (to !== from) to.store.place(item);
      }
    }
  }

  /** Replicates and runs every region's housekeeping until nothing changes. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      const before = this.fingerprint();
      this.replicate();
      for (const place of this.places) await houseKeep(place);
      this.replicate();
      if (this.fingerprint() === before) return;
    }
    throw new Error('the world does not settle');
  }

  fingerprint(): string {
    return JSON.stringify(this.places.map((place) => [...place.store.items()].map((item) => JSON.stringify(item)).sort()));
  }
}

export const houseKeep = async (place: Place): Promise<void> => {
  for (const item of place.store.items()) {
    const [type, hash] = partsOf(item);
    if (item.pk.startsWith('ORDER#') && type === 'PLACED') await reconcileOrder(place, item.pk.slice('ORDER#'.length));
    if (type === 'RECEIPT' && hash !== undefined) await bookReceipt(place, item.pk.slice('STOCK#'.length), hash);
    if (type === 'HELD' || type === WISH) await rebalanceStock(place, item.pk.slice('STOCK#'.length));
  }
};

export const order = (place: Place, key: string, quantity = 1, sku = 'tea', subject = 'ann') =>
  placeOrder(place, { subject, key, request: { lines: [{ sku, quantity }] } });

export const receive = (place: Place, key: string, quantity: number, region = place.region, sku = 'tea') =>
  receiveStock(place, { subject: 'ann', sku, region, key, quantity });

export const valueOf = <T>(outcome: Outcome<T>): T => {
  if (outcome.kind === 'refused') throw new Error(`refused: ${outcome.code}, ${outcome.detail}`);
  return outcome.value;
};
