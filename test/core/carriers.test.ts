import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../functions/core/context.ts';
import { cancelOrder, payOrder, shipOrder } from '../../functions/core/order-events.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { placeOrder } from '../../functions/core/orders.ts';
import { editRecord } from '../../functions/core/records.ts';
import { receiveStock } from '../../functions/core/stock.ts';
import { type Place, World } from './world.ts';

const subject = 'ann';
const id = orderIdOf(subject, 'o1');

const WRITES: Readonly<Record<string, (context: Place) => Promise<Outcome<unknown>>>> = {
  receive: (context) => receiveStock(context, { subject, sku: 'tea', region: 'a', key: 'r1', quantity: 3 }),
  place: (context) => placeOrder(context, { subject, key: 'o1', request: { lines: [{ sku: 'tea', quantity: 1 }] } }),
  pay: (context) => payOrder(context, { subject, id, key: 'p1', amount: 5 }),
  ship: (context) => shipOrder(context, { subject, id, key: 's1' }),
  cancel: (context) => cancelOrder(context, { subject, id }),
  edit: (context) => editRecord(context, { subject, id: 'list', key: 'e1', parents: [], value: '1' }),
};

describe('a region that holds the items that carry an answer, and no others', () => {
  it.each(Object.keys(WRITES))('gives the answer to %s', async (name) => {
    const world = new World();
    const [here, there] = [world.at('a'), world.at('b')];
    if (!ALONE.includes(name)) await WRITES.receive?.(here);
    if (!ALONE.includes(name) && name !== 'place') await WRITES.place?.(here);
    const first = doneOf(await WRITES[name]?.(here));
    expect(first).toMatchObject({ replayed: false });

    for (const key of first.carriers) {
      const item = here.store.peek(key);
      if (item) there.store.place(item);
    }

    expect(doneOf(await WRITES[name]?.(there))).toEqual({ ...first, replayed: true });
    expect(there.store.items()).toHaveLength(first.carriers.length);
  });
});

/** Writes that rest on nothing before them. */
const ALONE: readonly string[] = ['receive', 'edit'];

const doneOf = (outcome: Outcome<unknown> | undefined) => {
  if (outcome?.kind !== 'done') throw new Error(`not done: ${JSON.stringify(outcome)}`);
  return outcome;
};
