/**
 * Which version of a row had the units of each receipt first, noted as it was written: by the row's revisions, which every
 * write of it counts, and not by what the core counts to tell the same.
 */
import type { Cell } from './cell.ts';
import { byWriter, regionOfName } from './facts.ts';
import type { Change } from './replica.ts';

export class Booked {
  /** By partition and receipt. */
  readonly #rows = new Map<string, { readonly writer: string; readonly rev: number }>();

  /** A write at a cell: its whole transaction is in the replica. */
  wrote(cell: Cell, { key: { pk, sk } }: Change): void {
    const [type, hash, writer = ''] = sk.split('#');
    if (type !== 'BOOKED' || this.#rows.has(`${pk} ${hash}`)) return;
    const row = cell.replica('data').get({ pk, sk: `HELD#${writer}` });
    this.#rows.set(`${pk} ${hash}`, { writer, rev: Number(row?.['rev'] ?? 0) });
  }

  /** Whether a cell's copy of the row has them. A later incarnation's has all that its books had. */
  isShown(cell: Cell, pk: string, hash: string): boolean {
    const known = this.#rows.get(`${pk} ${hash}`);
    if (known === undefined) return false;
    const rows = cell.replica('data').query(pk, 'HELD#');
    return rows.some((row) => {
      const writer = row.sk.slice('HELD#'.length);
      if (regionOfName(writer) !== regionOfName(known.writer)) return false;
      return writer === known.writer ? Number(row['rev']) >= known.rev : byWriter(writer, known.writer) > 0;
    });
  }
}
