/** Functions as Lambda runs them: a bundle, loaded by a process of its own with the environment of a function and no other. */
import { fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { ENV } from '../../functions/contract/names.ts';

const CHILD = resolve(import.meta.dirname, 'function-child.ts');
const INVOCATION_MS_MAX = 120_000;

export interface Invoked {
  /** What the handler returned, as Lambda hands it on. */
  readonly answer: unknown;
  readonly tookMs: number;
  /** Bytes that the process holds, and those of them that buffers hold. */
  readonly rss: number;
  readonly arrayBuffers: number;
  /** What it logged. Of invocations side by side, the first that ends has the lines of all. */
  readonly lines: readonly Record<string, unknown>[];
}

export interface FunctionProcess {
  /** @throws {Error} with the handler's error, or when the process is gone or silent for half a minute */
  invoke(event: unknown): Promise<Invoked>;
  stop(): Promise<void>;
}

export interface FunctionPlace {
  readonly region: string;
  readonly regions: readonly string[];
  /** The region's tables. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly release: string;
  readonly memoryMegabytes: number;
}

type Told = Omit<Invoked, 'lines'> & { readonly lines: readonly string[]; readonly id: number; readonly error?: string };

/** @throws {Error} with what it wrote to stderr, when the bundle cannot be loaded */
export const startFunction = async (bundle: string, place: FunctionPlace): Promise<FunctionProcess> => {
  const child = fork(CHILD, [pathToFileURL(bundle).href], { env: environmentOf(place), stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const stderr: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const ended = new Promise<never>((_, reject) => {
    child.once('close', (code, signal) => reject(new Error(`the function ended with ${signal ?? code}: ${Buffer.concat(stderr)}`)));
  });
  ended.catch(() => undefined);
  await Promise.race([new Promise((resolve) => child.once('message', resolve)), ended]);

  const waiting = new Map<number, (told: Told) => void>();
  child.on('message', (told: Told) => waiting.get(told.id)?.(told));
  let count = 0;
  return {
    invoke: async (event) => {
      count += 1;
      const id = count;
      const answered = new Promise<Told>((resolve) => waiting.set(id, resolve));
      child.send({ id, event });
      try {
        const { lines, error, answer, tookMs, rss, arrayBuffers } = await Promise.race([answered, ended, silence()]);
        if (error !== undefined) throw new Error(error);
        return { answer, tookMs, rss, arrayBuffers, lines: linesOf(lines) };
      } finally {
        waiting.delete(id);
      }
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
  };
};

const silence = async (): Promise<never> => {
  await setTimeout(INVOCATION_MS_MAX, undefined, { ref: false });
  throw new Error(`the function was silent for ${INVOCATION_MS_MAX} ms`);
};

const linesOf = (chunks: readonly string[]): Invoked['lines'] =>
  chunks
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const environmentOf = (place: FunctionPlace): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: tmpdir(),
  AWS_REGION: place.region,
  AWS_ENDPOINT_URL: place.endpoint,
  AWS_ACCESS_KEY_ID: place.accessKeyId,
  AWS_SECRET_ACCESS_KEY: place.secretAccessKey,
  AWS_LAMBDA_FUNCTION_VERSION: '7',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(place.memoryMegabytes),
  [ENV.regions]: place.regions.join(','),
  [ENV.auth]: '{"mode":"keys"}',
  [ENV.drainSeconds]: '30',
  [ENV.replicatedDeadlineMs]: '1500',
  [ENV.tokenWaitMs]: '500',
  [ENV.release]: place.release,
  [ENV.domain]: '',
  [ENV.corsOrigins]: '',
});
