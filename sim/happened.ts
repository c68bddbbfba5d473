/**
 * What was written, kept outside of all regions. Every version of every record: one that is lost may stand between two that
 * are not. And units that came into a region's stock, by bookings and by reservations that ended without a shipment, because a region that is lost for good can take one with it and leave the sales that rest on it: these were no
 * oversale, and show as a negative row.
 */
import type { Item, Key } from '../functions/core/store.ts';
import { regionOfName } from './facts.ts';

interface Income {
  readonly key: Key;
  readonly region: string;
  readonly units: ReadonlyMap<string, number>;
}

interface Made {
  /** Writers that made it. */
  readonly by: Set<string>;
  readonly parents: readonly string[];
  readonly hlc: string;
}

export class Happened {
  readonly #incomes = new Map<string, Income>();
  readonly #versions = new Map<string, Made>();

  wrote(item: Item): void {
    const [type, second = '', third = ''] = item.sk.split('#');
    if (type === 'V') this.#version(second, item);
    if (type === 'BOOKED') this.#add(item, third, [{ sku: item.pk.slice('STOCK#'.length), quantity: item['quantity'] }]);
    if (type === 'END' && item['kind'] !== 'shipped' && Array.isArray(item['lines'])) this.#add(item, third, item['lines']);
  }

  /** Units of a sku that came into a region's stock by facts that are gone. */
  gone(region: string, sku: string, isThere: (key: Key) => boolean): number {
    let total = 0;
    for (const income of this.#incomes.values()) if (income.region === region && !isThere(income.key)) total += income.units.get(sku) ?? 0;
    return total;
  }

  /** Versions that a version was made from, and those that these were made from, and so on. */
  ancestors(vid: string): ReadonlySet<string> {
    const found = new Set<string>();
    const open = [vid];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const parent of this.#versions.get(next)?.parents ?? []) {
        if (found.has(parent)) continue;
        found.add(parent);
        open.push(parent);
      }
    }
    return found;
  }

  /** By how many writers a version was made. */
  copiesOf(vid: string): number {
    return this.#versions.get(vid)?.by.size ?? 0;
  }

  /** The stamp of a version where it was made first: that copy may be lost, and later ones not. */
  stampOf(vid: string): string {
    return this.#versions.get(vid)?.hlc ?? '';
  }

  #version(vid: string, item: Item): void {
    const hlc = String(item['hlc']);
    const known = this.#versions.get(vid);
    const parents = Array.isArray(item['parents']) ? item['parents'].map(String) : [];
    const by = (known?.by ?? new Set<string>()).add(item.sk);
    if (known === undefined || hlc < known.hlc) this.#versions.set(vid, { by, parents, hlc });
  }

  #add({ pk, sk }: Item, writer: string, lines: readonly { readonly [name: string]: unknown }[]): void {
    const units = new Map(lines.map((line) => [String(line['sku']), Number(line['quantity'])]));
    this.#incomes.set(`${pk}\n${sk}`, { key: { pk, sk }, region: regionOfName(writer), units });
  }
}
