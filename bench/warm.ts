/** The API function's own work for a warm request. */
import * as z from 'zod';
import { makeCaller } from './caller.ts';
import { askChild, REGION } from './child.ts';
import type { Result } from './statistics.ts';

const GOAL_MS = 1;

const told = z.array(z.object({ name: z.string(), milliseconds: z.number() }));

export const benchWarm = async (): Promise<readonly Result[]> => {
  const { token, item } = makeCaller(REGION);
  const lines = ['tea', 'cup', 'pot'].map((sku) => ({ sku, quantity: 1 }));
  const placed = {
    pk: `ORDER#${'a'.repeat(32)}`,
    sk: `PLACED#${REGION}`,
    v: 1,
    subject: 'bench',
    lines,
    body: 'b',
    placedAt: 1,
    owner: 'bench',
    listed: '1',
  };
  const held = { pk: 'STOCK#tea', sk: `HELD#${REGION}`, v: 1, available: 5, sold: 1 };
  const measured = told.parse(await askChild('warm-child.ts', [], { BENCH: JSON.stringify({ token, items: [item, placed, held] }) }));
  return measured.map(({ name, milliseconds }) => ({
    name: `own work of a warm request, ${name}`,
    measured: `${milliseconds.toFixed(3)} ms at the median`,
    goal: `<= ${GOAL_MS} ms`,
    passed: milliseconds <= GOAL_MS,
  }));
};
