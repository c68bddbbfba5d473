import { describe, expect, it } from 'vitest';
import { aloneMsOf, BEAT_GAP_MS_MAX, foldBeats, foldControl, incarnationItem, REGIONS_KEY } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { ApiWorld, REGIONS } from './api-world.ts';

const beat = (region: string, at: number): Item => ({ pk: REGIONS_KEY, sk: `BEAT#${region}`, v: 1, at, rev: 1, incarnations: {} });

describe('a region that has heard of no other for long', () => {
  it('says for how many seconds on its answers to callers, and goes on serving', async () => {
    const world = await new ApiWorld().start();
    const peer = REGIONS.find((each) => each !== world.region) ?? '';
    const silentFor = async (ms: number) => {
      const items = [beat(world.region, Date.now()), beat(peer, Date.now() - ms)];
      await world.data.transact(items.map((item) => ({ action: 'put', item })));
    };
    await silentFor(3_600_000);
    const read = await world.get('/orders');
    const written = await world.post('/orders', { lines: [{ sku: 'tea', quantity: 1 }] });
    expect([read.status, written.status]).toEqual([200, 409]);
    for (const { headers } of [read, written]) expect(Number(headers['tandem-alone'])).toBeGreaterThanOrEqual(3_600);
  });

  it('is one only after an absence, beside peers that were heard once and are not given up', () => {
    const nowMs = 1_000_000_000;
    const view = (beats: readonly Item[], controls: readonly Item[] = []) => ({
      region: 'a',
      beats: foldBeats([beat('a', nowMs), ...beats]),
      controls: ['a', 'b', 'c'].map((each) => foldControl(each, controls)),
    });
    const lately = beat('c', nowMs - BEAT_GAP_MS_MAX);
    const longAgo = beat('b', nowMs - BEAT_GAP_MS_MAX - 1);
    const fence = incarnationItem({ region: 'b', incarnation: 2, by: 'a', phase: 'FENCED', atMs: 1 });
    expect(aloneMsOf(view([longAgo]), nowMs)).toBe(BEAT_GAP_MS_MAX + 1);
    expect(aloneMsOf(view([longAgo, lately]), nowMs)).toBeUndefined();
    expect(aloneMsOf(view([]), nowMs)).toBeUndefined();
    expect(aloneMsOf(view([longAgo], [fence]), nowMs)).toBeUndefined();
  });
});
