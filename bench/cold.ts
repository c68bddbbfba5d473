/**
 * Cold starts, import and first request, of the API function and of a bare DynamoDB client, in turns. What counts is the
 * processor's time: the table answers at once, so a cold start is made of nothing else, and in Lambda, where a function has
 * a share of a processor, it is what the caller waits for. Elapsed time is told beside it; other programs disturb that.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import * as z from 'zod';
import { ENV } from '../functions/contract/names.ts';
import { BUNDLE_OPTIONS, bundle } from '../infra/bundle.ts';
import { makeCaller } from './caller.ts';
import { askChild, REGION } from './child.ts';
import { median, type Result } from './statistics.ts';
import { startStubTable } from './stub-table.ts';

const ROUNDS = 25;
const GOALS = { withoutToken: 1.1, withToken: 1.2 } as const;

/** One cold start: imports a bundle, sends it one request, and tells what both took. */
const childOf = (path: string): string => `
  const [started, before] = [performance.now(), process.cpuUsage()];
  const { handler } = await import(${JSON.stringify(pathToFileURL(path))});
  const { statusCode } = await handler(JSON.parse(process.argv[2]), { awsRequestId: 'bench' });
  const { user, system } = process.cpuUsage(before);
  process.send({ elapsedMs: performance.now() - started, processorMs: (user + system) / 1000, statusCode });
  process.disconnect();
`;

const told = z.object({ elapsedMs: z.number(), processorMs: z.number(), statusCode: z.number() });
type Told = z.output<typeof told>;

interface Subject {
  readonly name: string;
  readonly child: string;
  readonly env: Readonly<Record<string, string>>;
  readonly event: object;
  readonly status: number;
  readonly starts: Told[];
}

export const benchCold = async (): Promise<readonly Result[]> => {
  const { token, item } = makeCaller(REGION);
  const table = await startStubTable([item, { pk: 'STOCK#tea', sk: `HELD#${REGION}`, v: 1, available: 1 }]);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  try {
    const bare = join(folder, 'bare.cjs');
    buildSync({
      ...BUNDLE_OPTIONS,
      alias: {},
      sourcemap: false,
      entryPoints: [join(import.meta.dirname, 'bare.handler.ts')],
      outfile: bare,
    });
    const api = bundle().module('api');
    const children = { bare: join(folder, 'bare-child.mjs'), api: join(folder, 'api-child.mjs') };
    writeFileSync(children.bare, childOf(bare));
    writeFileSync(children.api, childOf(api));
    const event = { httpMethod: 'GET', resource: '/stock/{sku}', pathParameters: { sku: 'tea' } };
    const subjects: readonly Subject[] = [
      { name: 'bare', child: children.bare, env: {}, event: {}, status: 200, starts: [] },
      { name: 'api', child: children.api, env: { [ENV.auth]: '{"mode":"none"}' }, event, status: 200, starts: [] },
      {
        name: 'api with token',
        child: children.api,
        env: { [ENV.auth]: '{"mode":"keys"}' },
        event: { ...event, headers: { authorization: `Bearer ${token}` } },
        status: 200,
        starts: [],
      },
    ];
    // In turns, so that a busy moment of the machine meets all alike; the first round warms its file cache.
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const subject of subjects) {
        const start = await coldStart(subject, table.endpoint);
        if (round > 0) subject.starts.push(start);
      }
    }
    return resultsOf(subjects);
  } finally {
    await table.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const coldStart = async ({ name, child, env, event, status }: Subject, endpoint: string): Promise<Told> => {
  const start = told.parse(await askChild(child, [JSON.stringify(event)], { AWS_ENDPOINT_URL: endpoint, ...env }));
  if (start.statusCode !== status) throw new Error(`the cold start of ${name} was answered ${start.statusCode}`);
  return start;
};

const resultsOf = ([bare, ...others]: readonly Subject[]): readonly Result[] =>
  others.map(({ name, starts }) => {
    const base = bare?.starts ?? [];
    const of = (subject: readonly Told[], what: 'elapsedMs' | 'processorMs') => subject.map((start) => start[what]);
    // The median of the rounds' ratios, not the ratio of the medians: each round met the same machine.
    const ratio = median(of(starts, 'processorMs').map((each, round) => each / (base[round]?.processorMs ?? Number.NaN)));
    const goal = name === 'api' ? GOALS.withoutToken : GOALS.withToken;
    const show = (what: 'elapsedMs' | 'processorMs') =>
      `${median(of(starts, what)).toFixed(0)} over ${median(of(base, what)).toFixed(0)} ms`;
    return {
      name: `cold start, ${name === 'api' ? 'no token to verify' : 'with a token to verify'}`,
      measured: `${ratio.toFixed(2)} x a bare DynamoDB client (processor ${show('processorMs')}; elapsed ${show('elapsedMs')})`,
      goal: `<= ${goal.toFixed(1)} x`,
      passed: ratio <= goal,
    };
  });
