/** A sku that everybody wants, over a store that refuses what DynamoDB refuses then. In virtual time: it asks nothing of the machine. */
import type { Context } from '../functions/core/context.ts';
import { Hlc } from '../functions/core/hlc.ts';
import { performTask, taskOf } from '../functions/core/housekeeping.ts';
import { placeOrder } from '../functions/core/orders.ts';
import { HOT_MS, RecentSkus } from '../functions/core/recent-skus.ts';
import { receiveStock } from '../functions/core/stock.ts';
import { type Item, StoreBusy } from '../functions/core/store.ts';
import { ContendedStore } from './contended-store.ts';
import type { Result } from './statistics.ts';
import { seeded, VirtualTime } from './virtual-time.ts';

const ORDERS_A_SECOND = 500;
const SECONDS = 10;
/** As long as DynamoDB may hold an item: it does not say. */
const HELD_MS = [5, 10] as const;
const CALL_MS = 3;
const REFUSED_PERCENT_MAX = 0.1;
/** Milliseconds between two receipts of the same sku, and two looks of housekeeping at what has changed. */
const RESTOCK_EVERY_MS = 500;
const STREAM_EVERY_MS = 250;
const SKU = 'tea';
const REGION = 'eu-central-1';

export interface HotRun {
  readonly heldMs: number;
  readonly ordersASecond: number;
  readonly seconds: number;
  /** Units that are there at the beginning. */
  readonly units: number;
  readonly seed: number;
  /** @default half a second */
  readonly restockEveryMs?: number;
}

export interface HotRunResult {
  readonly sold: number;
  /** Refused for others' sake. */
  readonly busy: number;
  /** Refused because nothing was left. */
  readonly short: number;
  readonly restocked: number;
  readonly restocksRefused: number;
  /** Milliseconds, sorted. */
  readonly orderMs: readonly number[];
  readonly restockMs: readonly number[];
  readonly store: ContendedStore;
  readonly received: number;
}

/** A request, as Lambda runs them: in an environment that is free, or a new one, which has felt no heat yet. */
class Environments {
  readonly #idle: Context[] = [];
  readonly #make: () => Context;
  constructor(make: () => Context) {
    this.#make = make;
  }

  async serve<T>(work: (context: Context) => Promise<T>): Promise<T> {
    const context = this.#idle.pop() ?? this.#make();
    try {
      return await work(context);
    } finally {
      this.#idle.push(context);
    }
  }
}

export const runHot = async (run: HotRun): Promise<HotRunResult> => {
  const time = new VirtualTime();
  const random = seeded(run.seed);
  const chance = { random, sleep: time.sleep, elapsed: () => time.nowMs };
  const store = new ContendedStore({ heldMs: run.heldMs, callMs: CALL_MS, time: chance });
  const clock = { now: () => Math.floor(time.nowMs) };
  const shared = { store, clock, region: REGION, regions: [REGION], writer: REGION };
  const environments = new Environments(() => ({ ...shared, hlc: new Hlc(), heat: new RecentSkus(HOT_MS) }));
  const counts = { sold: 0, busy: 0, short: 0, restocked: 0, restocksRefused: 0, received: run.units };
  const [orderMs, restockMs]: [number[], number[]] = [[], []];
  store.items.place({ pk: `STOCK#${SKU}`, sk: `HELD#${REGION}`, v: 1, available: run.units, sold: 0, rev: 1 });
  store.items.place({ pk: `STOCK#${SKU}`, sk: `BOOKED#first#${REGION}`, v: 1, quantity: run.units, at: 0 });

  const order = async (number: number): Promise<void> => {
    const beganMs = time.nowMs;
    const given = { subject: 'ann', key: `order-${number}`, request: { lines: [{ sku: SKU, quantity: 1 }] } };
    const kind = await environments.serve((context) => placeOrder(context, given)).then(({ kind: done }) => done, busyOr);
    counts[kind === 'done' ? 'sold' : kind === 'busy' ? 'busy' : 'short'] += 1;
    orderMs.push(time.nowMs - beganMs);
  };
  const restock = async (number: number): Promise<void> => {
    const beganMs = time.nowMs;
    const given = { subject: 'ann', sku: SKU, region: REGION, key: `receipt-${number}`, quantity: 1 };
    const kind = await environments.serve((context) => receiveStock(context, given)).then(({ kind: done }) => done, busyOr);
    counts[kind === 'done' ? 'restocked' : 'restocksRefused'] += 1;
    if (kind === 'done') counts.received += 1;
    restockMs.push(time.nowMs - beganMs);
  };
  const endMs = run.seconds * 1_000;
  const orders = openLoop(time, endMs, () => (-Math.log(1 - random()) * 1_000) / run.ordersASecond, order);
  const restocks = openLoop(time, endMs, () => run.restockEveryMs ?? RESTOCK_EVERY_MS, restock);
  const house = keepHouse(time, endMs, { ...shared, hlc: new Hlc() }, store);
  await time.pass(Promise.all([orders, restocks, house]));
  const sorted = (numbers: number[]) => numbers.sort((a, b) => a - b);
  return { ...counts, orderMs: sorted(orderMs), restockMs: sorted(restockMs), store };
};

const busyOr = (error: unknown): 'busy' => {
  if (error instanceof StoreBusy) return 'busy';
  throw error;
};

/** Whatever becomes of those before, the next one comes. */
const openLoop = async (time: VirtualTime, endMs: number, pauseMs: () => number, act: (number: number) => Promise<void>): Promise<void> => {
  const acts: Promise<void>[] = [];
  for (let number = 1; time.nowMs < endMs; number += 1) {
    acts.push(act(number));
    await time.sleep(pauseMs());
  }
  await Promise.all(acts);
};

/** What the region's own row asks of housekeeping, as its stream would tell; a task that fails comes again. */
const keepHouse = async (time: VirtualTime, endMs: number, context: Context, store: ContendedStore): Promise<void> => {
  let before: Item | undefined;
  while (time.nowMs < endMs) {
    await time.sleep(STREAM_EVERY_MS);
    const row = store.items.peek({ pk: `STOCK#${SKU}`, sk: `HELD#${REGION}` });
    const task = row && row !== before && taskOf(row, before, REGION);
    if (!task) continue;
    const failed = await performTask(context, task).then(
      () => false,
      (error: unknown) => busyOr(error) === 'busy',
    );
    if (!failed) before = row;
  }
};

/** What nine of ten, or 99 of 100, do not exceed. */
const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export const benchHot = async (): Promise<readonly Result[]> => {
  const results: Result[] = [];
  for (const heldMs of HELD_MS) {
    const run = { heldMs, ordersASecond: ORDERS_A_SECOND, seconds: SECONDS, units: 100_000, seed: 1 };
    const { sold, busy, short, restocked, restocksRefused, orderMs, restockMs, store } = await runHot(run);
    const percent = (100 * (busy + short)) / (sold + busy + short);
    const units = (kind: 'read' | 'write') => (store.used[kind] / sold).toFixed(1);
    const name = `${ORDERS_A_SECOND} orders a second on one sku, items held ${heldMs} ms`;
    results.push(
      {
        name: `${name}: refused`,
        measured: `${percent.toFixed(3)} % of ${sold + busy + short}; ${percentile(orderMs, 0.5).toFixed(0)} ms at the median, ${percentile(orderMs, 0.99).toFixed(0)} ms at the 99th percentile; ${units('read')} read and ${units('write')} write units an order`,
        goal: `< ${REFUSED_PERCENT_MAX} %`,
        passed: percent < REFUSED_PERCENT_MAX,
      },
      {
        name: `${name}: restocking meanwhile`,
        measured: `${restocked} of ${restocked + restocksRefused}, the slowest after ${percentile(restockMs, 1).toFixed(0)} ms`,
        goal: 'all',
        passed: restocksRefused === 0 && restocked > 0,
      },
    );
  }
  return results;
};
