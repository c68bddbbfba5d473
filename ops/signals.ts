/** Ctrl-C and its relatives: told once to the work, which then cleans up. */
import { printError } from './print.ts';

const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof NUMBERS;
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const satisfies readonly Signal[];

/** Work ended because the user asked for it. Exit code 128 + the signal's number. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: number;
  constructor(signal: Signal) {
    super(`ended by ${signal}`);
    this.exitCode = 128 + NUMBERS[signal];
  }
}

/**
 * Runs `work` with a signal that the first Ctrl-C, SIGTERM or SIGHUP aborts, with an `Interrupted` as its reason. More of
 * them abort `insisted`; work that does not look at it goes on, because repairing and ending a system must not be cut
 * short, and has bounds of its own. An error that nobody caught aborts the first signal too, and is thrown when the work
 * has cleaned up.
 */
export const interruptible = async <T>(work: (signal: AbortSignal, insisted: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const insisted = new AbortController();
  const uncaught: unknown[] = [];
  const onSignal = (signal: Signal) => {
    if (!controller.signal.aborted) controller.abort(new Interrupted(signal));
    else if (work.length > 1) insisted.abort(new Interrupted(signal));
    else printError('already ending: the step under way comes to its end, what is broken is repaired, and what was started is ended');
  };
  const onUncaught = (error: unknown) => {
    uncaught.push(error);
    controller.abort(error);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('uncaughtException', onUncaught);
  try {
    const result = await work(controller.signal, insisted.signal);
    if (uncaught.length > 0) throw uncaught[0];
    return result;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('uncaughtException', onUncaught);
  }
};

/** Resolves when the signal is aborted. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // A pending promise keeps no process alive; a timer does.
    const alive = setInterval(() => {}, 1 << 30);
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve();
    });
  });

/** Rejects with the signal's reason when it is aborted. For work that may be left where it stands. */
export const rejectedWhenAborted = (signal: AbortSignal): Promise<never> => untilAborted(signal).then(() => Promise.reject(signal.reason));
