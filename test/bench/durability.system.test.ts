import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { proveDurability } from '../../bench/durability.ts';
import { apiBundle } from '../../bench/durability-bundle.ts';
import { type Answered, DOOMED, startDoomed, startSurvivor } from '../../bench/durability-region.ts';
import { HANG_MS, untilPasses } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

const SMALL = { kills: 3, times: 1, writers: 8, replicatedDeadlineMs: 5_000 } as const;

describe('a write that was answered as replicated', () => {
  it('is in the survivor when its region is killed at once', async () => {
    const { kills, acknowledged, missing, unanswered } = await proveDurability({ ...SMALL, credulous: false });
    expect([kills, missing]).toEqual([SMALL.kills, []]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(SMALL.kills);
    // Callers were at every point of their way: none of them had stopped before the kill.
    expect(unanswered).toBeGreaterThan(0);
  });

  it('would be missing there if nobody had looked: the proof can fail', async () => {
    const { acknowledged, missing } = await proveDurability({ ...SMALL, credulous: true });
    expect(acknowledged.length).toBeGreaterThanOrEqual(SMALL.kills);
    expect(missing.length).toBeGreaterThan(0);
  });
});

describe("a peer's trouble", () => {
  const DEADLINE_MS = 1_500;

  it('fails no write and holds up none beyond the deadline, frozen or gone; what arrives later is told on a replay', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-test-durability-'));
    const survivor = await startSurvivor(folder, await freePort());
    try {
      await survivor.reset();
      const props = { folder, bundle: apiBundle(), survivor: survivor.endpoint, replicatedDeadlineMs: DEADLINE_MS };
      const region = await startDoomed({ ...props, port: await freePort() });
      const receive = async (key: string): Promise<readonly [Answered, tookMs: number]> => {
        const startedMs = performance.now();
        const answer = await region.ask({
          httpMethod: 'POST',
          resource: '/stock/{sku}/regions/{region}/receipts',
          pathParameters: { sku: 'tea', region: DOOMED },
          headers: { 'content-type': 'application/json', 'idempotency-key': key, 'tandem-durability': 'replicated' },
          body: '{"quantity":1}',
        });
        return [answer, performance.now() - startedMs];
      };
      const told = ({ status, headers }: Answered) => [status, headers['tandem-durability'], headers['idempotent-replayed']];
      try {
        const [whole] = await receive('when-all-is-well');
        survivor.signal('SIGSTOP');
        const [frozen, frozenMs] = await receive('while-it-is-frozen');
        survivor.signal('SIGCONT');
        await untilPasses(async () => expect(told((await receive('while-it-is-frozen'))[0])).toEqual([201, 'replicated', 'true']));
        await survivor.stop();
        const [gone, goneMs] = await receive('when-it-is-gone');
        expect([whole, frozen, gone].map(told)).toEqual([
          [201, 'replicated', undefined],
          [202, 'local', undefined],
          [202, 'local', undefined],
        ]);
        for (const tookMs of [frozenMs, goneMs]) expect(tookMs).toBeLessThan(DEADLINE_MS + HANG_MS);
      } finally {
        await region.kill();
      }
    } finally {
      await survivor.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
