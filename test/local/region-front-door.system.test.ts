import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Served } from '../../local/region/protocol.ts';
import { type Region, RegionStateError } from '../../local/region/region.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askTls, HOST_PROGRAM, openRegionLab, type RegionLab } from './region-lab.ts';

let lab: RegionLab;

beforeAll(async () => {
  lab = await openRegionLab();
});

afterAll(() => lab?.close());

describe('a region', () => {
  let region: Region;
  let told: string[];
  let served: Served[];

  beforeEach(async () => {
    [told, served] = [[], []];
    region = await lab.make({
      onState: (state) => told.push(state),
      onEdge: (fault) => told.push(fault.kind),
      onServed: (_, answers) => served.push(...answers),
    });
    await region.start('starting');
  });

  test('plays faults of its front door, and tells', async () => {
    await region.open('/_ministack', '/_ministack');

    await region.setEdge({ kind: 'error', status: 503 });
    expect((await ask(region)).statusCode).toBe(503);
    await region.setEdge({ kind: 'none' });

    expect((await ask(region)).statusCode).toBe(200);
    expect(told).toEqual(['starting', 'error', 'none']);
  });

  test('divides calls between its stages, and tells once a second which version answered what', async () => {
    await region.open('/_ministack', '/nowhere');
    region.admit();
    const answer = async () => (await ask(region)).statusCode;

    expect(await answer()).toBe(200);
    await region.shift(1, '3', '4');
    expect(await answer()).toBe(404);
    await region.shift(0, '3', '4');
    expect(await answer()).toBe(200);

    await eventually(() => served.length === 3);
    expect(served.map(([version, status]) => [version, status])).toEqual([
      [null, 200],
      [null, 404],
      [null, 200],
    ]);
  });

  test('tells nothing while it is frozen, and what it answers when it goes on', async () => {
    await region.open('/_ministack', '/_ministack');
    region.admit();
    region.freeze();
    const late = ask(region);
    await sleep(1_500);
    expect(served).toEqual([]);
    await expect(region.shift(0.5, '3', '4')).rejects.toThrow(RegionStateError);

    region.thaw();
    await late;

    await eventually(() => served.length > 0);
    expect(served.map(([version, status]) => [version, status])).toEqual([[null, 200]]);
  });

  test('speaks TLS with a key that no process list and no file shows', async () => {
    await region.open('/_ministack', '/_ministack');
    const [key = ''] = /(?<=\n)[\w+/=]{40,}/.exec(region.props.credentials.key) ?? [];

    const answer = await askTls(region);
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
    const files = await readdir(region.props.folder, { recursive: true, withFileTypes: true });
    const contents = files.filter((each) => each.isFile()).map((each) => readFile(join(each.parentPath, each.name), 'utf8'));

    expect(answer).toBe(200);
    expect(stdout).toContain(HOST_PROGRAM);
    expect([stdout, ...(await Promise.all(contents))].filter((text) => text.includes(key))).toEqual([]);
  });
});
