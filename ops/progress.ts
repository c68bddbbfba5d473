/** Long steps: a line for each thing that happens. What goes on meanwhile is told by `waiting.ts`. */
import { print, printText } from './print.ts';
import { type Say, waitingFor } from './waiting.ts';

export type { Say };

export interface Progress {
  /** Runs one step and shows that it runs, how long it took, or that it failed. Errors pass through. */
  step<T>(title: string, work: (say: Say) => Promise<T>): Promise<T>;
  /** Lines that `asText` has made. */
  line(text: string): void;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** @param write one line */
export const plainProgress = (write: (line: string) => void, line: (text: string) => void = write): Progress => ({
  step: async (title, work) => {
    const began = performance.now();
    write(`${title} ...`);
    const say = (said: string): void => write(`  ${said}`);
    try {
      const result = await waitingFor(title, () => work(say), { say });
      write(`${title}: done (${seconds(performance.now() - began)})`);
      return result;
    } catch (error) {
      write(`${title}: failed after ${seconds(performance.now() - began)}`);
      throw error;
    }
  },
  line,
});

/** On standard output. */
export const progressFor = (): Progress => plainProgress(print, printText);
