/**
 * A region's housekeeping. Invoked by the data table's stream in this region, and by operators with work that the stream lost
 * (`tandem sweep`), under their own credentials: no function may invoke it.
 */
import { embedded, errorFields, type Fields, log } from './aws/log.ts';
import { startRuntime } from './aws/runtime.ts';
import { type StreamRecord, workOf } from './aws/stream-work.ts';
import { METRICS } from './contract/names.ts';
import type { Context } from './core/context.ts';
import { Hlc } from './core/hlc.ts';
import { performTask } from './core/housekeeping.ts';
import { gateOf } from './core/operations.ts';
import { Damaged, PartitionTooLong } from './core/store.ts';
import { parseTasks, type Task, type TasksAnswer } from './core/tasks.ts';

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
interface TasksEvent {
  readonly tasks: unknown;
}
interface Invocation {
  readonly getRemainingTimeInMillis: () => number;
}
/** https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html */
interface Failures {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export const handler = async (event: StreamEvent | TasksEvent, invocation: Invocation): Promise<Failures | TasksAnswer> => {
  if ('tasks' in event) return doTasks(event.tasks, invocation);
  const work = workOf(event.Records ?? [], region);
  const kept = await keepHouse(work, invocation);
  const failed = kept.kind === 'closed' ? work : kept.failed.flatMap(({ work: each, hopeless }) => (hopeless ? [] : [each]));
  return { batchItemFailures: failed.map(({ sequence }) => ({ itemIdentifier: sequence })) };
};

const doTasks = async (given: unknown, invocation: Invocation): Promise<TasksAnswer> => {
  const parsed = parseTasks(given);
  if (!parsed.ok) return { refused: parsed.detail };
  const kept = await keepHouse(
    parsed.tasks.map((task) => ({ task })),
    invocation,
  );
  if (kept.kind === 'closed') return { refused: kept.detail };
  return {
    done: parsed.tasks.length - kept.failed.length,
    failed: kept.failed.map(({ work: { task }, detail }) => ({ task, detail })),
  };
};

interface Failed<W> {
  readonly work: W;
  readonly detail: string;
  /** No attempt would do better: what comes after it in the stream must not wait for it. */
  readonly hopeless: boolean;
}

type Kept<W> =
  | { readonly kind: 'kept'; readonly failed: readonly Failed<W>[] }
  /** This region may not write. Nothing was begun. */
  | { readonly kind: 'closed'; readonly detail: string };

/** Tells what failed: the stream brings it again, and so does an operator. */
const keepHouse = async <W extends { readonly task: Task }>(work: readonly W[], invocation: Invocation): Promise<Kept<W>> => {
  if (work.length === 0) return { kind: 'kept', failed: [] };
  const gate = gateOf(await monitor.world());
  if (!gate.open) {
    log('WARN', 'not yet', { tasks: work.length, reason: gate.reason, detail: gate.detail });
    return { kind: 'closed', detail: `${gate.reason}: ${gate.detail}` };
  }
  const context: Context = { store: data, clock, hlc, region, regions, writer: gate.writer };
  const failed: Failed<W>[] = [];
  for (let start = 0; start < work.length; start += TASKS_AT_ONCE) {
    if (invocation.getRemainingTimeInMillis() < ROUND_MS) {
      const late = work.slice(start).map((each) => ({ work: each, detail: 'no time was left for it', hopeless: false }));
      return { kind: 'kept', failed: [...failed, ...late] };
    }
    const round = work.slice(start, start + TASKS_AT_ONCE);
    const ended = await Promise.allSettled(round.map(({ task }) => perform(context, task)));
    for (const [index, each] of ended.entries()) {
      const item = round[index];
      if (each.status === 'fulfilled' || !item) continue;
      const hopeless = each.reason instanceof PartitionTooLong || each.reason instanceof Damaged;
      const told = { task: item.task, ...errorFields(each.reason) };
      if (hopeless) log('ERROR', 'task set aside', { ...told, ...count(METRICS.tasksSetAside, 1) });
      else log('ERROR', 'task failed', told);
      failed.push({ work: item, detail: each.reason instanceof Error ? each.reason.message : String(each.reason), hopeless });
    }
  }
  return { kind: 'kept', failed };
};

const perform = async (context: Context, task: Task): Promise<void> => {
  const reconciled = await performTask(context, task);
  if (!reconciled) return;
  const { order, ended, doubleShipped, shippedAfterCancelled, synthetic } = reconciled;
  if (ended > 0) log('INFO', 'reconciled', { order, ...(synthetic ? {} : count(METRICS.reconciled, ended)) });
  if (doubleShipped) log('ERROR', 'shipped twice', { order, ...count(METRICS.doubleShipments, 1) });
  if (shippedAfterCancelled) log('ERROR', 'shipped after it was cancelled', { order, ...count(METRICS.shippedAfterCancelled, 1) });
};

const count = (name: string, value: number): Fields =>
  embedded({ metrics: [{ name, unit: 'Count', value }], dimensions: {}, sets: [[]] }, clock.now());
