/** Waits that a signal ends. */
import { setTimeout as timeout } from 'node:timers/promises';
import { waitingFor } from '../waiting.ts';

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
  /** What is waited for, in words: "callers to recover". */
  readonly what: string;
  readonly everyMs: number;
  readonly withinMs: number;
  readonly signal?: AbortSignal;
}

/** Asks until the answer is yes. @returns false when the time was over, or the signal aborted, before */
export const until = (yes: () => boolean | Promise<boolean>, { what, everyMs, withinMs, signal }: UntilProps): Promise<boolean> =>
  waitingFor(
    `waiting for ${what}`,
    async () => {
      const endMs = Date.now() + withinMs;
      while (!signal?.aborted) {
        if (await yes()) return true;
        if (Date.now() >= endMs) return false;
        await pause(everyMs, signal);
      }
      return false;
    },
    { withinMs },
  );

/** A pause that a person who looks on is told of. */
export const spend = (milliseconds: number, what: string, signal?: AbortSignal): Promise<void> =>
  waitingFor(what, () => pause(milliseconds, signal), { withinMs: milliseconds });
