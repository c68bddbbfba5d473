/** What a batch of the data table's stream asks of this region: each task once, with the first record that asks for it. */
import { orderKey } from '../core/order-items.ts';
import { mayNeedReconciling } from '../core/reconcile.ts';
import { stockWork } from '../core/stock.ts';
import { stockKey } from '../core/stock-fold.ts';
import type { Item } from '../core/store.ts';
import type { Task } from '../core/tasks.ts';
import { itemOf, type WireValue } from './marshal.ts';

/** Of https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html, what is used. */
export interface StreamRecord {
  readonly dynamodb?: {
    readonly SequenceNumber?: string;
    readonly NewImage?: { readonly [name: string]: WireValue };
    readonly OldImage?: { readonly [name: string]: WireValue };
  };
}

export interface Work {
  readonly task: Task;
  /** Sequence number of the first record that asks for it: from there the batch is repeated when it fails. */
  readonly sequence: string;
}

/** In the order of the records. What changes no order and no other region's stock asks for nothing. */
export const workOf = (records: readonly StreamRecord[], region: string): readonly Work[] => {
  const work = new Map<string, Work>();
  for (const { dynamodb } of records) {
    const { NewImage, OldImage, SequenceNumber: sequence } = dynamodb ?? {};
    const task = NewImage && taskOf(itemOf(NewImage), OldImage && itemOf(OldImage), region);
    const name = JSON.stringify(task);
    if (task && sequence !== undefined && !work.has(name)) work.set(name, { task, sequence });
  }
  return [...work.values()];
};

const taskOf = (item: Item, before: Item | undefined, region: string): Task | undefined => {
  const order = after(item.pk, orderKey(''));
  if (order !== undefined) return mayNeedReconciling(item) ? { kind: 'reconcile', order } : undefined;
  const sku = after(item.pk, stockKey(''));
  const work = sku === undefined ? undefined : stockWork(item, before, region);
  return work && sku !== undefined ? { ...work, sku } : undefined;
};

const after = (text: string, prefix: string): string | undefined => (text.startsWith(prefix) ? text.slice(prefix.length) : undefined);
