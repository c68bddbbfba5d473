/** The items that pages tell operators to put into a table: run as written, with `aws` put aside, and read by the API itself. */
import { execFileSync } from 'node:child_process';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from 'vitest';
import { TABLES } from '../../functions/contract/names.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { switchItem } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { ApiWorld, REGIONS } from '../functions/api-world.ts';
import { pages } from './pages.ts';

const [EVACUATED, THROUGH] = REGIONS;

interface Put {
  readonly where: string;
  readonly options: Readonly<Record<string, string>>;
}

/** What `aws` would be called with, each argument as the shell makes it. */
const callsOf = (script: string): readonly (readonly string[])[] => {
  const aws = `aws() { printf '%s\\0' "$@"; printf '\\n\\0'; }\n`;
  const output = execFileSync('bash', ['--norc', '-uc', `${aws}${script}`], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return output
    .split('\n\0')
    .slice(0, -1)
    .map((call) => call.split('\0').slice(0, -1));
};

/** Every `aws dynamodb put-item` of the pages, with the variables that the page sets before. */
const puts = (): readonly Put[] =>
  pages().flatMap(({ path, blocks }) => {
    const lines = blocks.flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'));
    if (!lines.some((line) => line.includes('put-item'))) return [];
    const script = lines.filter((line) => /^export \w+=/.test(line) || line.includes('aws dynamodb put-item')).join('\n');
    return callsOf(script).map(([, , ...rest]) => ({
      where: path,
      options: Object.fromEntries(rest.flatMap((word, index) => (word.startsWith('--') ? [[word.slice(2), rest[index + 1] ?? '']] : []))),
    }));
  });

const itemOf = ({ options }: Put): Item => {
  const item: Readonly<Record<string, unknown>> = unmarshall(JSON.parse(options['item'] ?? '{}'));
  return { ...item, pk: String(item['pk']), sk: String(item['sk']), v: Number(item['v']) };
};

/** Two regions over one control table, as replication makes it. */
const twoRegions = async () => {
  const control = new MemoryStore();
  const data = new MemoryStore();
  const evacuated = await new ApiWorld({ control, data, region: EVACUATED }).start();
  const other = await new ApiWorld({ control, data, region: THROUGH }).start();
  /** Time goes on past what an environment remembers and past the drain, in steps that miss no heartbeat. */
  const look = async () => {
    for (let step = 0; step < LOOKS; step += 1) {
      for (const world of [evacuated, other]) {
        world.aheadMs += LOOK_EVERY_MS;
        await world.get('/health');
      }
    }
    const told = await other.get(`/switch/${EVACUATED}`);
    const own = await evacuated.get('/health');
    const order = await evacuated.post('/orders', { lines: [{ sku: 'nothing', quantity: 1 }] });
    return { told: told.body['evacuate'], verdict: own.body['verdict'], order: order.status };
  };
  return { control, look };
};

const LOOK_EVERY_MS = 20_000;
const LOOKS = 4;
const SERVES = { told: false, verdict: 'pass', order: 409 };
const EVACUATES = { told: true, verdict: 'fail', order: 503 };

describe('an item that a page has put by hand', () => {
  const all = puts();

  test('is there for both directions, in the runbook and in the acceptance list', () => {
    const found = all.map((put) => `${put.where}: ${itemOf(put)['evacuate']}`);
    for (const where of ['docs/runbook.md', 'docs/aws-acceptance.md'])
      expect(found).toEqual(expect.arrayContaining([`${where}: true`, `${where}: false`]));
  });

  test.each(all)('of $where goes to the control table of a region that serves, and is what the code writes itself', (put) => {
    const item = itemOf(put);
    expect(put.options['table-name']).toBe(TABLES.control);
    expect(put.options['region']).toBe(THROUGH);
    expect(item).toEqual(
      switchItem({
        region: EVACUATED,
        by: THROUGH,
        evacuate: item['evacuate'] === true,
        atMs: Number(item['at']),
        reason: String(item['reason']),
      }),
    );
    expect(Math.abs(Number(item['at']) - Date.now())).toBeLessThan(3_600_000);
  });

  test.each(['docs/runbook.md', 'docs/aws-acceptance.md'])('of %s evacuates the region, and brings it back', async (where) => {
    const { control, look } = await twoRegions();
    const [away, back] = [true, false].map((evacuate) => all.find((put) => put.where === where && itemOf(put)['evacuate'] === evacuate));
    if (away === undefined || back === undefined) throw new Error(`${where} lacks a direction`);

    expect(await look()).toEqual(SERVES);
    await control.transact([{ action: 'put', item: itemOf(away) }]);
    expect(await look()).toEqual(EVACUATES);
    await control.transact([{ action: 'put', item: itemOf(back) }]);
    expect(await look()).toEqual(SERVES);
  });

  test('that names other keys is red here', async () => {
    const { control, look } = await twoRegions();
    await control.transact([
      { action: 'put', item: { pk: `REGION#${EVACUATED}`, sk: `SWITCH#${THROUGH}`, v: 1, evacuate: true, at: Date.now(), reason: 'x' } },
    ]);
    expect(await look()).toEqual(SERVES);
  });
});
