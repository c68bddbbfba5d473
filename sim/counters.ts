/** What each cell had for sale, and since when: its row of a sku and the tills that the row knows. */
import type { Key } from '../functions/core/store.ts';
import type { Cell } from './cell.ts';

interface Change {
  readonly atMs: number;
  /** Units for sale from then on. */
  readonly units: number;
}

export class Counters {
  readonly #changes = new Map<Cell, Map<string, Change[]>>();

  /** An item of its replica has changed. */
  changed(cell: Cell, { pk }: Key, atMs: number): void {
    const [type, sku] = pk.split('#');
    if (sku === undefined || (type !== 'STOCK' && type !== 'TILL')) return;
    const skus = this.#changes.get(cell) ?? new Map<string, Change[]>();
    this.#changes.set(cell, skus);
    skus.set(sku, [...(skus.get(sku) ?? []), { atMs, units: forSale(cell, sku) }]);
  }

  /** Whether a cell had so much all the time since. */
  had(cell: Cell, { sku, quantity }: { readonly sku: string; readonly quantity: number }, sinceMs: number): boolean {
    const changes = this.#changes.get(cell)?.get(sku) ?? [];
    const before = changes.findLast(({ atMs }) => atMs < sinceMs);
    // A cell begins with nothing that it may sell.
    const units = [before?.units ?? 0, ...changes.filter(({ atMs }) => atMs >= sinceMs).map((each) => each.units)];
    return Math.min(...units) >= quantity;
  }
}

const forSale = (cell: Cell, sku: string): number => {
  const replica = cell.replica('data');
  const row = replica.get({ pk: `STOCK#${sku}`, sk: `HELD#${cell.writer}` });
  let units = Number(row?.['available'] ?? 0);
  for (let till = 0; till < Number(row?.['tills'] ?? 0); till += 1)
    units += Number(replica.get({ pk: `TILL#${sku}#${till}`, sk: `TILL#${cell.writer}` })?.['available'] ?? 0);
  return units;
};
