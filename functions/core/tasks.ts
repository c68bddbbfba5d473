/** Units of housekeeping. Each may be done at any time, twice, and beside itself: it does what is due then, and may be nothing. */

export type Task =
  | { readonly kind: 'reconcile'; readonly order: string }
  | { readonly kind: 'book'; readonly sku: string; readonly hash: string }
  | { readonly kind: 'rebalance'; readonly sku: string };

export const TASK_KINDS = ['reconcile', 'book', 'rebalance'] as const satisfies readonly Task['kind'][];

/** Tasks that a region's housekeeping takes from an operator's tool in one call. */
export const TASKS_PER_CALL_MAX = 100;
/** Characters of an id: no key of DynamoDB is longer. */
const ID_LENGTH_MAX = 1_024;

/** What housekeeping answers to tasks. Those it refuses as a whole it has not begun. */
export type TasksAnswer =
  | { readonly done: number; readonly failed: readonly { readonly task: Task; readonly detail: string }[] }
  | { readonly refused: string };

export type GivenTasks = { readonly ok: true; readonly tasks: readonly Task[] } | { readonly ok: false; readonly detail: string };

/** The tasks in a value that came from outside. */
export const parseTasks = (given: unknown): GivenTasks => {
  if (!Array.isArray(given)) return { ok: false, detail: `given tasks that are no list; allowed: up to ${TASKS_PER_CALL_MAX}` };
  if (given.length > TASKS_PER_CALL_MAX)
    return { ok: false, detail: `given ${given.length} tasks; allowed: up to ${TASKS_PER_CALL_MAX} in a call` };
  const tasks: Task[] = [];
  for (const each of given) {
    const task = parseTask(each);
    if (!task)
      return { ok: false, detail: `given the task ${JSON.stringify(each).slice(0, 200)}; allowed: ${TASK_KINDS.join(', ')}, with its ids` };
    tasks.push(task);
  }
  return { ok: true, tasks };
};

const parseTask = (given: unknown): Task | undefined => {
  if (typeof given !== 'object' || given === null || !('kind' in given)) return undefined;
  const order = 'order' in given ? idOf(given.order) : undefined;
  const sku = 'sku' in given ? idOf(given.sku) : undefined;
  const hash = 'hash' in given ? idOf(given.hash) : undefined;
  switch (given.kind) {
    case 'reconcile':
      return order === undefined ? undefined : { kind: 'reconcile', order };
    case 'book':
      return sku === undefined || hash === undefined ? undefined : { kind: 'book', sku, hash };
    case 'rebalance':
      return sku === undefined ? undefined : { kind: 'rebalance', sku };
    default:
      return undefined;
  }
};

const idOf = (given: unknown): string | undefined =>
  typeof given === 'string' && given.length > 0 && given.length <= ID_LENGTH_MAX ? given : undefined;
