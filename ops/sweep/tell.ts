/** What operators read of work that is due. */
import type { Due } from '../../functions/core/due-work.ts';
import { TASK_KINDS, type Task } from '../../functions/core/tasks.ts';
import { asText } from '../print.ts';
import { plural } from '../reports/words.ts';
import { table } from '../table.ts';
import type { Survey } from './survey.ts';
import { isClean, type Swept } from './sweep.ts';

/** Tasks of each kind that are named; what is more is counted. */
const NAMED_MAX = 3;

const WHAT = {
  reconcile: 'orders whose reservation here must end',
  book: 'receipts to book',
  rebalance: 'skus with stock to move',
} as const satisfies Record<Task['kind'], string>;

/** A region as it was looked at, and about how many messages lie in its dead-letter queue. */
export interface Looked {
  readonly region: string;
  readonly survey: Survey;
  readonly letters: number;
}

export const tellLook = ({ region, survey, letters }: Looked, nowMs: number): string => {
  const { due, more, items, whole } = survey;
  const found = due.length === 0 ? 'nothing is due' : `${plural(due.length + more, 'task')} due${ageOf(due, nowMs)}`;
  return asText([
    `${region}: ${found}; ${plural(items, 'item')} read${whole ? '' : ', not all that there are'}; ${plural(letters, 'dead letter')}`,
    ...tasksOf(due),
  ]);
};

export const tellSwept = (swept: Swept, nowMs: number): string => {
  const { region, done, left, fresh, problems, letters, removed } = swept;
  const rest = left.length > 0 ? `${plural(left.length, 'task')} left${ageOf(left, nowMs)}` : 'none left';
  return asText([
    `${region}: ${plural(done, 'task')} done, ${problems.length > 0 && left.length === 0 ? 'unknown what is left' : rest}; ${letters === 0 ? 'no dead letters' : `${removed} of ${plural(letters, 'dead letter')} removed`}`,
    ...tasksOf(left),
    ...problems.map((each) => `  ${each}`),
    ...(fresh > 0 ? [`  ${plural(fresh, 'task')} came up meanwhile: the region is at work, and its stream brings them`] : []),
    ...(isClean(swept) || problems.length + left.length > 0
      ? []
      : ['  some messages could not be removed: another reader may hold them for two minutes']),
  ]);
};

const tasksOf = (due: readonly Due[]): readonly string[] => {
  const rows = TASK_KINDS.flatMap((kind) => {
    const names = due.flatMap(({ task }) => (task.kind === kind ? [nameOf(task)] : []));
    const more = names.length > NAMED_MAX ? [`and ${names.length - NAMED_MAX} more`] : [];
    return names.length === 0 ? [] : [[`  ${names.length}`, WHAT[kind], [...names.slice(0, NAMED_MAX), ...more].join(', ')]];
  });
  return rows.length === 0 ? [] : table(rows);
};

const nameOf = (task: Task): string => {
  switch (task.kind) {
    case 'reconcile':
      return task.order;
    case 'book':
      return `${task.sku} ${task.hash}`;
    case 'rebalance':
      return task.sku;
  }
};

/** Of those that tell a time: rows of stock do not. */
const ageOf = (due: readonly Due[], nowMs: number): string => {
  const sinceMs = due.reduce((oldest, each) => Math.min(oldest, each.sinceMs ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  return Number.isFinite(sinceMs) ? `, the oldest for ${duration(Math.max(0, nowMs - sinceMs))}` : '';
};

const MINUTE_MS = 60_000;
const duration = (ms: number): string => {
  if (ms < 2 * MINUTE_MS) return `${Math.floor(ms / 1_000)} s`;
  if (ms < 120 * MINUTE_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  return ms < 48 * 60 * MINUTE_MS ? `${Math.floor(ms / (60 * MINUTE_MS))} h` : `${Math.floor(ms / (24 * 60 * MINUTE_MS))} days`;
};
