/** A region's housekeeping. Invoked by the data table's stream in this region. */
import { embedded, errorFields, type Fields, log } from './aws/log.ts';
import { startRuntime } from './aws/runtime.ts';
import { type StreamRecord, type Task, type Work, workOf } from './aws/stream-work.ts';
import { METRICS } from './contract/names.ts';
import type { Context } from './core/context.ts';
import { Hlc } from './core/hlc.ts';
import { gateOf } from './core/operations.ts';
import { reconcileOrder } from './core/reconcile.ts';
import { bookReceipt, rebalanceStock } from './core/stock.ts';

/** Tasks that run side by side. */
const TASKS_AT_ONCE = 8;
/** Milliseconds that must be left for another round of tasks. */
const ROUND_MS = 8_000;

const { environment, data, monitor, clock } = startRuntime(process.env);
const { region, regions } = environment;
const hlc = new Hlc();

interface StreamEvent {
  /** Absent from the clock's events, which an earlier release asked for. */
  readonly Records?: readonly StreamRecord[];
}
interface Invocation {
  readonly getRemainingTimeInMillis: () => number;
}
/** https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html */
interface Failures {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export const handler = async ({ Records = [] }: StreamEvent, invocation: Invocation): Promise<Failures> => ({
  batchItemFailures: (await keepHouse(Records, invocation)).map(({ sequence }) => ({ itemIdentifier: sequence })),
});

/** Returns the work that failed: the stream brings it again. */
const keepHouse = async (records: readonly StreamRecord[], invocation: Invocation): Promise<readonly Work[]> => {
  const work = workOf(records, region);
  if (work.length === 0) return [];
  const gate = gateOf(await monitor.world());
  if (!gate.open) {
    log('WARN', 'not yet', { tasks: work.length, reason: gate.reason, detail: gate.detail });
    return work;
  }
  const context: Context = { store: data, clock, hlc, region, regions, writer: gate.writer };
  const failed: Work[] = [];
  for (let start = 0; start < work.length; start += TASKS_AT_ONCE) {
    if (invocation.getRemainingTimeInMillis() < ROUND_MS) return [...failed, ...work.slice(start)];
    const round = work.slice(start, start + TASKS_AT_ONCE);
    const ended = await Promise.allSettled(round.map(({ task }) => perform(context, task)));
    for (const [index, each] of ended.entries()) {
      const item = round[index];
      if (each.status === 'fulfilled' || !item) continue;
      log('ERROR', 'task failed', { task: item.task, ...errorFields(each.reason) });
      failed.push(item);
    }
  }
  return failed;
};

const perform = async (context: Context, task: Task): Promise<void> => {
  switch (task.kind) {
    case 'reconcile': {
      const { ended, doubleShipped, synthetic } = await reconcileOrder(context, task.order);
      if (ended > 0) log('INFO', 'reconciled', { order: task.order, ...(synthetic ? {} : count(METRICS.reconciled, ended)) });
      if (doubleShipped) log('ERROR', 'shipped twice', { order: task.order, ...count(METRICS.doubleShipments, 1) });
      return;
    }
    case 'book':
      await bookReceipt(context, task.sku, task.hash);
      return;
    case 'rebalance':
      return rebalanceStock(context, task.sku);
  }
};

const count = (name: string, value: number): Fields =>
  embedded({ metrics: [{ name, unit: 'Count', value }], dimensions: {}, sets: [[]] }, clock.now());
