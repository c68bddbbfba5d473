/** Waits that a signal ends. */
import { setTimeout as timeout } from 'node:timers/promises';

/** Resolves after the time, or at once when it is over already or the signal is aborted. */
export const pause = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
  if (milliseconds <= 0) return;
  try {
    await timeout(milliseconds, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
};

export interface UntilProps {
  readonly everyMs: number;
  readonly withinMs: number;
  readonly signal?: AbortSignal;
}

/** Asks until the answer is yes. @returns false when the time was over, or the signal aborted, before */
export const until = async (yes: () => boolean | Promise<boolean>, { everyMs, withinMs, signal }: UntilProps): Promise<boolean> => {
  const endMs = Date.now() + withinMs;
  while (!signal?.aborted) {
    if (await yes()) return true;
    if (Date.now() >= endMs) return false;
    await pause(everyMs, signal);
  }
  return false;
};
