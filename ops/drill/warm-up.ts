/** What comes before the load: stock, and functions that have started. */
import { randomUUID } from 'node:crypto';
import { UserError } from '../errors.ts';
import { tandem } from '../tandem.ts';
import type { Caller } from './callers.ts';
import { perform } from './load.ts';
import { type Assortment, allSkus } from './mix.ts';
import type { Action, OperationRecord } from './operations.ts';
import { pause } from './wait.ts';

const PLENTY_UNITS = 100_000;
/** Requests at a time near each region, round by round. A burst on cold functions starts one for each request, and none of them soon. */
const WIDTHS = [1, 1, 2, 2, 3, 3, 4, 4] as const;

/** Requests of one first receipt. */
const TRIES_MAX = 5;
const TRY_EVERY_MS = 1_000;

type Record = (each: OperationRecord) => void;

/**
 * Every region books enough of each sku, and a little of the scarce one: it sells out while the region is lost.
 *
 * @throws {UserError} when a region does not take it
 */
export const receiveFirst = async (callers: readonly Caller[], stock: Assortment, scarceUnits: number, record: Record): Promise<void> => {
  const clients = callers.filter((caller) => caller.kind === 'client');
  for (const [region, [caller]] of Map.groupBy(clients, (each) => each.near)) {
    if (!caller) continue;
    for (const sku of allSkus(stock)) {
      const quantity = sku === stock.scarce ? scarceUnits : PLENTY_UNITS;
      const done = await insist(caller, { operation: 'receiveStock', key: randomUUID(), sku, region, quantity });
      if (done.status !== 201)
        throw new UserError(`${region} does not take the drill's stock (${done.detail}); see \`${tandem('status')}\``);
      record(done);
    }
  }
};

/** Functions that start on a busy machine answer the first requests late. The same receipt again is the same one. */
const insist = async (caller: Caller, action: Action): Promise<OperationRecord> => {
  for (let tries = 1; ; tries += 1) {
    const done = await perform(caller, action, Date.now());
    if (done.outcome === 'ok' || tries >= TRIES_MAX) return done;
    await pause(TRY_EVERY_MS);
  }
};

/** Asks every region a little, then more. */
export const warmUp = async (callers: readonly Caller[], next: (caller: string) => Action, record: Record): Promise<void> => {
  const nearby = [...Map.groupBy(callers, (caller) => caller.near).values()];
  for (const width of WIDTHS) {
    const some = nearby.flatMap((group) => group.slice(0, width));
    const done = await Promise.all(some.map((caller) => perform(caller, next(caller.name), Date.now())));
    for (const each of done) record(each);
  }
};
