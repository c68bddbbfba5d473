/**
 * The drill's own record of every acknowledged write, compared with every region. What an acknowledgement promised is
 * checked by what it says (these lines, this amount), not by what a region claims to have.
 */
import { isDeepStrictEqual } from 'node:util';
import { canonical } from '../../functions/core/hash.ts';
import { numberOf, textOf } from '../../functions/core/item.ts';
import { foldOrder, holdsStock } from '../../functions/core/order-fold.ts';
import { orderKey } from '../../functions/core/order-items.ts';
import { recordKey } from '../../functions/core/records.ts';
import { foldHeld, stockKey, sum } from '../../functions/core/stock-fold.ts';
import type { Item } from '../../functions/core/store.ts';
import { regionOf } from '../../functions/core/writer.ts';
import { editValue } from './callers.ts';
import type { Line, OperationRecord } from './operations.ts';

export type Write = {
  readonly id: string;
  readonly key: string;
  /** The region that acknowledged it. */
  readonly region: string;
  readonly ackMs: number;
} & (
  | { readonly operation: 'placeOrder'; readonly lines: readonly Line[]; readonly note?: string | undefined }
  | { readonly operation: 'payOrder'; readonly order: string; readonly amount: number }
  | { readonly operation: 'receiveStock'; readonly sku: string; readonly quantity: number }
  | { readonly operation: 'shipOrder' | 'cancelOrder'; readonly order: string }
  | { readonly operation: 'putRecord'; readonly record: string; readonly parents: readonly string[] }
);

/** Whom the callers of drills call themselves: whose records theirs are. */
export const SUBJECT = 'drill';

/** Strongly consistent read of a partition in a region's replica. */
export type ReadPartition = (region: string, pk: string) => Promise<readonly Item[]>;

export interface Comparison {
  /** Acknowledged writes that a region lacks, by region. */
  readonly missing: ReadonlyMap<string, readonly Write[]>;
  /** Acknowledged writes that no region has. */
  readonly lost: readonly Write[];
  /** Orders that hold stock twice, and keys that were acknowledged under two ids. */
  readonly duplicates: readonly string[];
  /** Units sold above what was received, or above what a region held: by sku, the worst view of any region. */
  readonly oversold: ReadonlyMap<string, number>;
}

/** The acknowledged writes among the requests. A replayed acknowledgement is one write; of one key with other contents it is another. */
export const acknowledged = (records: readonly OperationRecord[]): readonly Write[] => {
  const writes = records.flatMap((record) =>
    writeOf(record).map((write) => [`${write.operation} ${write.id} ${canonical(record.value)}`, write] as const),
  );
  return [...new Map(writes).values()];
};

const writeOf = ({ operation, outcome, status, id, key, region, endMs, value }: OperationRecord): readonly Write[] => {
  if (outcome !== 'ok' || status === null || status >= 300 || id === null || key === null || region === null) return [];
  const write = { id, key, region, ackMs: endMs };
  const { lines, note, order, amount, sku, quantity, record, parents } = value;
  if (operation === 'placeOrder' && lines) return [{ ...write, operation, lines, ...(note === undefined ? {} : { note }) }];
  if (operation === 'payOrder' && order !== undefined && amount !== undefined) return [{ ...write, operation, order, amount }];
  if (operation === 'receiveStock' && sku !== undefined && quantity !== undefined) return [{ ...write, operation, sku, quantity }];
  if ((operation === 'shipOrder' || operation === 'cancelOrder') && order !== undefined) return [{ ...write, operation, order }];
  if (operation === 'putRecord' && record !== undefined && parents) return [{ ...write, operation, record, parents }];
  return [];
};

export const partitionOf = (write: Write): string => {
  switch (write.operation) {
    case 'placeOrder':
      return orderKey(write.id);
    case 'payOrder':
    case 'shipOrder':
    case 'cancelOrder':
      return orderKey(write.order);
    case 'receiveStock':
      return stockKey(write.sku);
    case 'putRecord':
      return recordKey(SUBJECT, write.record);
  }
};

/** Whether a partition has what was acknowledged. */
export const has = (write: Write, items: readonly Item[]): boolean => {
  switch (write.operation) {
    case 'placeOrder':
      return foldOrder(items)?.reservations.some((each) => sameLines(each.lines, write.lines) && each.note === write.note) ?? false;
    case 'payOrder':
      return items.some((item) => item.sk.startsWith(`E#paid#${write.id}#`) && numberOf(item, 'amount') === write.amount);
    case 'receiveStock':
      // A booking implies its receipt.
      return items.some(
        (item) =>
          (item.sk.startsWith(`RECEIPT#${write.id}#`) || item.sk.startsWith(`BOOKED#${write.id}#`)) &&
          numberOf(item, 'quantity') === write.quantity,
      );
    case 'shipOrder':
      return (
        foldOrder(items)?.reservations.some((each) =>
          each.ends.some(({ kind, by }) => kind === 'shipped' && regionOf(by) === write.region),
        ) ?? false
      );
    case 'cancelOrder':
      return items.some((item) => item.sk.startsWith(`E#cancel#${write.id}#`));
    // Nothing takes a version away, and each names what it was made from: one that is there is a head, or an ancestor of one.
    case 'putRecord':
      return items.some(
        (item) =>
          item.sk.startsWith(`V#${write.id}#`) &&
          textOf(item, 'value') === canonical(editValue(write.key)) &&
          isDeepStrictEqual(item['parents'], write.parents.toSorted()),
      );
  }
};

/** Whether they order the same, whatever the division into lines. */
export const sameLines = (a: readonly Line[], b: readonly Line[]): boolean => unitsOf(a) === unitsOf(b);

/** Lines with equal skus merged, as text. */
const unitsOf = (lines: readonly Line[]): string => {
  const bySku = Map.groupBy(lines, (line) => line.sku);
  return [...bySku]
    .map(([sku, group]) => `${sku}=${sum(group.map((line) => line.quantity))}`)
    .sort()
    .join();
};

/** Units of a sku that this view of its partition has sold above what it received, or above what a region held. */
export const oversoldUnits = (items: readonly Item[]): number => {
  const held = foldHeld(items);
  const booked = new Map(
    items.filter((item) => item.sk.startsWith('BOOKED#')).map((item) => [item.sk.split('#')[1], numberOf(item, 'quantity') ?? 0]),
  );
  const sold = sum(held.map((each) => each.sold));
  return Math.max(0, sold - sum(booked.values()), ...held.map((each) => -each.available));
};

export interface CompareProps {
  readonly writes: readonly Write[];
  readonly regions: readonly string[];
  readonly skus: readonly string[];
  readonly read: ReadPartition;
  /** Partitions read at a time. */
  readonly readsAtOnce: number;
}

export const compareLedger = async ({ writes, regions, skus, read, readsAtOnce }: CompareProps): Promise<Comparison> => {
  const partitions = [...Map.groupBy(writes, partitionOf)];
  const missing = new Map<string, Write[]>(regions.map((region) => [region, []]));
  const duplicates = new Set(sharedKeys(writes));
  const oversold = new Map<string, number>();
  const jobs = regions.flatMap((region) => [
    ...partitions.map(([pk, group]) => async () => {
      const items = await read(region, pk);
      missing.get(region)?.push(...group.filter((write) => !has(write, items)));
      if ((foldOrder(items)?.reservations.filter(holdsStock).length ?? 0) > 1) duplicates.add(pk);
    }),
    ...skus.map((sku) => async () => {
      const units = oversoldUnits(await read(region, stockKey(sku)));
      if (units > 0) oversold.set(sku, Math.max(units, oversold.get(sku) ?? 0));
    }),
  ]);
  await atOnce(readsAtOnce, jobs);
  const lost = writes.filter((write) => regions.every((region) => missing.get(region)?.includes(write)));
  return { missing, lost, duplicates: [...duplicates], oversold };
};

/** Keys that were acknowledged under more than one id. */
const sharedKeys = (writes: readonly Write[]): readonly string[] =>
  [...Map.groupBy(writes, (write) => `${write.operation} ${write.key}`)]
    .filter(([, group]) => new Set(group.map((write) => write.id)).size > 1)
    .map(([key]) => key);

const atOnce = async (limit: number, jobs: readonly (() => Promise<void>)[]): Promise<void> => {
  const queue = jobs.values();
  const work = async (): Promise<void> => {
    for (const job of queue) await job();
  };
  await Promise.all(Array.from({ length: limit }, work));
};
