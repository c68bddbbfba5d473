/** Long steps: a line that moves on a terminal, plain lines in a pipe. */
import { Listr } from 'listr2';

/** Tells what a step is doing now. */
export type Say = (line: string) => void;

export interface Progress {
  /** Runs one step and shows that it runs, how long it took, or that it failed. Errors pass through. */
  step<T>(title: string, work: (say: Say) => Promise<T>): Promise<T>;
  line(text: string): void;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** For pipes and logs. */
export const plainProgress = (write: (line: string) => void): Progress => ({
  step: async (title, work) => {
    const began = performance.now();
    write(`${title} ...`);
    try {
      const result = await work((line) => write(`  ${line}`));
      write(`${title}: done (${seconds(performance.now() - began)})`);
      return result;
    } catch (error) {
      write(`${title}: failed after ${seconds(performance.now() - began)}`);
      throw error;
    }
  },
  line: write,
});

/** For terminals. What a step said stays below its title. */
const terminalProgress = (): Progress => ({
  step: (title, work) =>
    new Promise((resolve, reject) => {
      let settle = () => {};
      const task = {
        title,
        rendererOptions: { persistentOutput: true, outputBar: Number.POSITIVE_INFINITY },
        task: async (_: unknown, shown: { output: string }) => {
          const say = (line: string) => {
            shown.output = line;
          };
          const result = await work(say);
          settle = () => resolve(result);
        },
      };
      // Signals belong to the command, which has a system to end; listr2 would leave at once. Not before it has ended:
      // it holds the terminal, and would swallow what is printed next.
      new Listr([task], { registerSignalListeners: false, rendererOptions: { showErrorMessage: false } })
        .run()
        .then(() => settle(), reject);
    }),
  line: (text) => console.log(text),
});

/** Narrower, or without a size (as some containers give), lines that move cannot be drawn. */
const COLUMNS_MIN = 40;

/** Fits the stream: `process.stdout` by default. */
export const progressFor = (stream: { readonly isTTY?: boolean; readonly columns?: number } = process.stdout): Progress => {
  const moves = stream.isTTY === true && (stream.columns ?? 0) >= COLUMNS_MIN && process.env['TERM'] !== 'dumb';
  return moves ? terminalProgress() : plainProgress((line) => console.log(line));
};
