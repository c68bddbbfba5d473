/** Small worlds of which every order of events is tried. Operations all begin at once: any one may turn out to be first. */
import type { Wish } from './memory.ts';

interface Operation {
  readonly region: string;
  /** An edit from what is `seen` is from the heads that its region holds before the operations begin. */
  readonly wish: Wish;
}

export interface SmallWorld {
  readonly name: string;
  readonly regions: readonly string[];
  /** Done, arrived everywhere and settled before the rest begins. */
  readonly before: readonly Operation[];
  readonly operations: readonly Operation[];
  /** Whether stock is wanted and handed over. Where it is not, nobody reads another region's row, and its arrival is no event. */
  readonly moves: boolean;
  /** How many environments may be lost. */
  readonly crashes: number;
}

const order = { subject: 'ann', key: 'order-1' };
const place = (region: string, quantity: number): Operation => ({
  region,
  wish: { kind: 'place', order, lines: [{ sku: 'tea', quantity }], note: undefined },
});
const receive = (region: string, to: string, key: string, quantity: number): Operation => ({
  region,
  wish: { kind: 'receive', sku: 'tea', region: to, key, quantity },
});
const ship = (region: string): Operation => ({ region, wish: { kind: 'ship', order, key: 'ship-1', carrier: 'van' } });
const cancel = (region: string): Operation => ({ region, wish: { kind: 'cancel', order, key: 'stop-1' } });
const pay = (region: string, amount: number): Operation => ({ region, wish: { kind: 'pay', order, key: 'pay-1', amount } });
/** Edits under one key are one edit, by one caller. */
const edit = (region: string, value: string, key = `edit-${value}`): Operation => ({
  region,
  wish: { kind: 'edit', record: { subject: 'ann', id: 'list' }, from: 'seen', value, key },
});

const regions = ['a', 'b'];
const stocked: readonly Operation[] = [receive('a', 'a', 'receipt-1', 3), receive('b', 'b', 'receipt-2', 3)];

export const SMALL_WORLDS: readonly SmallWorld[] = [
  {
    name: 'one request in both regions, cancelled by another caller',
    regions,
    before: stocked,
    operations: [place('a', 2), place('b', 2), cancel('a')],
    moves: false,
    crashes: 0,
  },
  {
    name: 'two bodies under one key, one of them shipped',
    regions,
    before: stocked,
    operations: [place('a', 1), place('b', 2), ship('b')],
    moves: false,
    crashes: 1,
  },
  {
    name: 'an order shipped, cancelled and paid at once',
    regions,
    before: [...stocked, place('a', 2)],
    operations: [ship('a'), cancel('b'), pay('b', 5)],
    moves: false,
    crashes: 1,
  },
  {
    name: 'the same request twice in one region, with a crash',
    regions,
    before: stocked,
    operations: [place('a', 1), place('a', 1)],
    moves: false,
    crashes: 1,
  },
  {
    name: 'a receipt repeated in another region, and sold',
    regions,
    before: [],
    operations: [receive('a', 'a', 'receipt-1', 3), receive('b', 'a', 'receipt-1', 3), place('a', 2)],
    moves: true,
    crashes: 1,
  },
  {
    name: 'stock that is wanted elsewhere, and sold meanwhile',
    regions,
    before: [receive('a', 'a', 'receipt-1', 3)],
    operations: [place('b', 2), place('a', 2)],
    moves: true,
    crashes: 1,
  },
  {
    name: 'a grant that grows while it is taken over',
    regions,
    before: [receive('a', 'a', 'receipt-1', 6)],
    operations: [place('b', 4), place('b', 8), receive('a', 'a', 'receipt-2', 6)],
    moves: true,
    crashes: 0,
  },
  {
    name: 'a record edited twice in one region and once in another',
    regions,
    before: [edit('a', '1')],
    operations: [edit('a', '2'), edit('a', '3'), edit('b', '2')],
    moves: false,
    crashes: 1,
  },
  {
    name: 'an edit repeated in another region, where another one is made',
    regions,
    before: [edit('a', '1')],
    operations: [edit('a', '2'), edit('b', '2'), edit('b', '3')],
    moves: false,
    crashes: 0,
  },
  {
    name: 'two callers who claim a record in one region with equal words, one of them twice',
    regions,
    before: [edit('a', '1')],
    operations: [edit('a', '2', 'claim-1'), edit('a', '2', 'claim-2'), edit('b', '2', 'claim-1')],
    moves: false,
    crashes: 1,
  },
];
