/** A region's housekeeping: the work that an item asks for which is new in its replica, and how it is done. */
import type { Context } from './context.ts';
import { orderKey } from './order-items.ts';
import { mayNeedReconciling, type Reconciled, reconcileOrder } from './reconcile.ts';
import { bookReceipt, rebalanceStock, stockWork } from './stock.ts';
import { stockKey } from './stock-fold.ts';
import type { Item } from './store.ts';
import type { Task } from './tasks.ts';

/** `before` is the item that it replaced. What changes no order and no other region's stock asks for nothing. */
export const taskOf = (item: Item, before: Item | undefined, region: string): Task | undefined => {
  const order = after(item.pk, orderKey(''));
  if (order !== undefined) return mayNeedReconciling(item) ? { kind: 'reconcile', order } : undefined;
  const sku = after(item.pk, stockKey(''));
  const work = sku === undefined ? undefined : stockWork(item, before, region);
  return work && sku !== undefined ? { ...work, sku } : undefined;
};

/** Tells what became of an order. */
export const performTask = async (context: Context, task: Task): Promise<Reconciled | undefined> => {
  switch (task.kind) {
    case 'reconcile':
      return reconcileOrder(context, task.order);
    case 'book':
      await bookReceipt(context, task.sku, task.hash);
      return undefined;
    case 'rebalance':
      await rebalanceStock(context, task.sku);
      return undefined;
  }
};

const after = (text: string, prefix: string): string | undefined => (text.startsWith(prefix) ? text.slice(prefix.length) : undefined);
