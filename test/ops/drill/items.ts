/** Items of one order, as drills find them in replicas. */
import type { Item } from '../../../functions/core/store.ts';

export const placed = (writer: string, quantity = 2): Item => ({
  pk: 'ORDER#o1',
  sk: `PLACED#${writer}`,
  v: 1,
  subject: 's',
  body: 'b',
  placedAt: 1,
  lines: [{ sku: 'x', quantity }],
});

export const ended = (writer: string, kind: string): Item => ({ ...placed(writer), sk: `END#${writer}#${writer}`, kind, at: 2 });
