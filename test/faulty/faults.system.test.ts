import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE_OPTIONS } from '../../infra/bundle.ts';
import { makeTestKey } from '../functions/callers.ts';
import { HERE, type Lab, PEER, startLab } from '../functions/lab.ts';
import { type FunctionProcess, startFunction } from '../support/function-process.ts';
import { Journey, type Step } from './journey.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const FAULTS = ['crash-on-start', 'errors', 'leak', 'rare', 'slow', 'wrong-answers'] as const;
type Version = (typeof FAULTS)[number] | 'right';

const key = makeTestKey();
const bundles = mkdtempSync(join(tmpdir(), 'tandem-faulty-'));
let lab: Lab;
let right: readonly Step[];
beforeAll(async () => {
  const entries = FAULTS.map((fault) => ({ in: `functions/faulty/${fault}.handler.ts`, out: fault }));
  const entryPoints = [...entries, { in: 'functions/api.handler.ts', out: 'right' }];
  await build({ ...BUNDLE_OPTIONS, absWorkingDir: REPOSITORY, entryPoints, outdir: bundles });
  lab = await startLab();
  await lab.control.transact([{ action: 'put', item: key.item }]);
  right = await stepsOf('right');
});
afterAll(async () => {
  rmSync(bundles, { recursive: true });
  await lab?.stop();
});

describe('the version without a fault', () => {
  it('answers users and machines, also an order with a note, and logs no error', () => {
    expect(right.filter(({ status }) => status >= 500)).toEqual([]);
    expect(right.map(({ status }) => status)).toEqual([
      200, 200, 200, 200, 201, 201, 201, 201, 201, 202, 200, 200, 200, 200, 404, 400, 201,
    ]);
    expect(errorLines(right)).toEqual([]);
    expect(right.filter(({ name }) => name === 'GET /orders/ID').map(({ body }) => body)).toMatchObject([
      { state: 'shipped', paid: 250, lines: [{ quantity: 2 }] },
      { state: 'cancelling', lines: [{ quantity: 2 }] },
    ]);
  });
});

describe('the fault', () => {
  it('of each name is one file', () => {
    const files = readdirSync(join(REPOSITORY, 'functions/faulty')).filter((file) => file.endsWith('.handler.ts'));
    expect(files.sort()).toEqual(FAULTS.map((fault) => `${fault}.handler.ts`));
  });

  it("errors: fails one write of users in three, as the handler's own mistake, and is right when it is repeated", async () => {
    const steps = await stepsOf('errors');
    expect(told(steps.filter(({ status }) => status < 500))).toEqual(told(right));
    const writes = steps.filter(({ kind }) => kind === 'write');
    expect(writes.map(({ status }) => status >= 500)).toEqual(writes.map((_, index) => index % 3 === 2));
    expect(errorLines(steps)).toHaveLength(3);
    expect(steps.filter(({ status }) => status >= 500)).toMatchObject([PROBLEM, PROBLEM, PROBLEM]);
  });

  it('slow: users wait 1,500 ms longer, and the latency of the version shows it; machines do not', async () => {
    const steps = await stepsOf('slow');
    expect(told(steps)).toEqual(told(right));
    const users = steps.filter(({ kind }) => kind !== 'open');
    expect(users.filter(({ invoked }) => invoked.tookMs < 1_500)).toEqual([]);
    expect(users.flatMap(({ invoked }) => invoked.lines).filter((line) => Number(line['Latency']) < 1_500)).toEqual([]);
    const machines = steps.filter(({ kind }) => kind === 'open').map(({ invoked }) => invoked.tookMs);
    expect(Math.min(...machines)).toBeLessThan(1_500);
  });

  it('wrong-answers: each status is right, orders that are read have one unit too many in each line', async () => {
    const steps = await stepsOf('wrong-answers');
    const wrong = right.map((step) =>
      step.kind === 'read' && step.name.startsWith('GET /orders') ? { ...step, body: more(step.body) } : step,
    );
    expect(told(steps)).toEqual(told(wrong));
    expect(steps.filter((step, index) => JSON.stringify(step.body) !== JSON.stringify(right[index]?.body))).toHaveLength(3);
    expect(errorLines(steps)).toEqual([]);
  });

  it('crash-on-start: cannot be loaded', async () => {
    await expect(stepsOf('crash-on-start')).rejects.toThrow(/ended with 1: .*the fault "crash-on-start"/s);
  });

  it('leak: each request of a user leaves 4 MB that count, machines leave none, and answers are right', async () => {
    const steps = await stepsOf('leak');
    expect(told(steps)).toEqual(told(right));
    const [first, last] = [steps[0]?.invoked, steps.at(-1)?.invoked];
    const leaked = 4 * 2 ** 20 * steps.filter(({ kind }) => kind !== 'open').length;
    expect(Number(last?.arrayBuffers) - Number(first?.arrayBuffers)).toBeGreaterThanOrEqual(leaked);
    // Beside what loading and garbage come to, which the version without the fault shows.
    expect(Number(last?.rss) - Number(right.at(-1)?.invoked.rss)).toBeGreaterThan(leaked * 0.5);
    const machines = steps.filter(({ kind }) => kind === 'open').map(({ invoked }) => invoked.arrayBuffers);
    expect(Math.max(...machines) - Math.min(...machines)).toBeLessThan(4 * 2 ** 20);
  });

  it('leak: ends where Lambda would end it, so that an emulator without a limit does not run out of memory', async () => {
    const memoryMegabytes = 160;
    const untilItEnds = (process: FunctionProcess): Promise<void> =>
      requests(new Journey({ process, key, run: 'leak-to-the-end' }), memoryMegabytes / 4);
    await expect(running('leak', untilItEnds, memoryMegabytes)).rejects.toThrow('the function ended with SIGKILL');
  });

  it('rare: fails for orders with a note and is right for all others', async () => {
    const steps = await stepsOf('rare');
    expect(told(steps.slice(0, -2))).toEqual(told(right.slice(0, -1)));
    expect(steps.slice(-2)).toMatchObject([PROBLEM, PROBLEM]);
    expect(errorLines(steps)).toHaveLength(2);
  });
});

/** What a 500 tells: nothing of its cause. */
const PROBLEM = { status: 500, body: { type: '/problems/internal', detail: 'it is logged under the correlation id' } };

/** Runs a version as a process, and ends it. */
const running = async <T>(version: Version, use: (process: FunctionProcess) => Promise<T>, memoryMegabytes = 512): Promise<T> => {
  const place = { ...lab.emulator, region: HERE, regions: [HERE, PEER], release: '1.2.3', memoryMegabytes };
  const process = await startFunction(join(bundles, `${version}.js`), place);
  try {
    return await use(process);
  } finally {
    await process.stop();
  }
};

const stepsOf = (version: Version): Promise<readonly Step[]> =>
  running(version, async (process) => {
    const journey = new Journey({ process, key, run: version });
    await journey.machines();
    await journey.users();
    await journey.withNote();
    return journey.steps;
  });

const requests = async (journey: Journey, count: number): Promise<void> => {
  for (let request = 0; request < count; request += 1) await journey.withNote();
};

const told = (steps: readonly Step[]) => steps.map(({ name, status, body }) => ({ name, status, body }));

/** Log lines of requests that failed by a mistake, with the metric that alarms on the version read. */
const errorLines = (steps: readonly Step[]) =>
  steps
    .flatMap(({ invoked }) => invoked.lines)
    .filter((line) => line['level'] === 'ERROR' && line['Errors'] === 1 && line['ExecutedVersion'] === '7');

const more = (body: unknown): unknown => JSON.parse(JSON.stringify(body), (name, value) => (name === 'quantity' ? value + 1 : value));
