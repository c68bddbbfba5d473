/**
 * Units that came into a region's stock: bookings, and reservations that ended without a shipment. Kept outside of all
 * regions, because a region that is lost for good can take one with it and leave the sales that rest on it: these were no
 * oversale, and show as a negative row.
 */
import type { Item, Key } from '../functions/core/store.ts';
import { regionOfName } from './facts.ts';

interface Income {
  readonly key: Key;
  readonly region: string;
  readonly units: ReadonlyMap<string, number>;
}

export class Happened {
  readonly #incomes = new Map<string, Income>();

  wrote(item: Item): void {
    const [type, , third = ''] = item.sk.split('#');
    if (type === 'BOOKED') this.#add(item, third, [{ sku: item.pk.slice('STOCK#'.length), quantity: item['quantity'] }]);
    if (type === 'END' && item['kind'] !== 'shipped' && Array.isArray(item['lines'])) this.#add(item, third, item['lines']);
  }

  /** Units of a sku that came into a region's stock by facts that are gone. */
  gone(region: string, sku: string, isThere: (key: Key) => boolean): number {
    let total = 0;
    for (const income of this.#incomes.values()) if (income.region === region && !isThere(income.key)) total += income.units.get(sku) ?? 0;
    return total;
  }

  #add({ pk, sk }: Item, writer: string, lines: readonly { readonly [name: string]: unknown }[]): void {
    const units = new Map(lines.map((line) => [String(line['sku']), Number(line['quantity'])]));
    this.#incomes.set(`${pk}\n${sk}`, { key: { pk, sk }, region: regionOfName(writer), units });
  }
}
