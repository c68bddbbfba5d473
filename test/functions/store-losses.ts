/** What the DynamoDB store does when answers get lost on the way, over any DynamoDB. */
import { describe, expect, it } from 'vitest';
import { REQUEST_LIMITS } from '../../functions/aws/attempts.ts';
import { DynamoStore } from '../../functions/aws/dynamo-store.ts';
import { TABLES } from '../../functions/contract/names.ts';
import { StoreUnavailable } from '../../functions/core/store.ts';
import { HANG_MS } from '../support/eventually.ts';
import { LossyWire } from './lossy-wire.ts';
import { clientOf, type Database } from './tables.ts';

export const storeLosses = (name: string, database: () => Database): void => {
  describe(`${name}, when answers get lost on the way`, () => {
    const lossy = async (work: (given: { readonly store: DynamoStore; readonly wire: LossyWire }) => Promise<void>) => {
      const wire = await LossyWire.to(database());
      const through = clientOf({ ...database(), endpoint: wire.endpoint });
      try {
        await work({
          store: new DynamoStore({
            client: through,
            table: TABLES.data,
            limits: { ...REQUEST_LIMITS, attempts: 3, attemptMs: 1_500, backoffMs: 1 },
          }),
          wire,
        });
      } finally {
        through.destroy();
        await wire.close();
      }
    };
    const key = (name: string) => ({ pk: `LOST#${name}`, sk: 'A#w' });

    /** How an answer gets lost after its request was taken. */
    const LOSSES = ['loseAnswers', 'resetAnswers', 'cutBodies'] as const;

    it.each(LOSSES)('applies a transaction once: %s', (lose) =>
      lossy(async ({ store, wire }) => {
        const added = key(`added ${lose}`);
        wire[lose](2);
        expect(await store.transact([{ action: 'update', key: added, add: { count: 1 } }])).toEqual({ ok: true });
        expect(wire.requests).toBe(3);
        expect(await store.get(added)).toMatchObject({ count: 1 });
      }),
    );

    it.each(LOSSES)('tells its own fact from one that was there before: %s', (lose) =>
      lossy(async ({ store, wire }) => {
        const fact = key(`fact ${lose}`);
        const put = (n: number) => store.transact([{ action: 'put', item: { ...fact, v: 1, n }, guards: [{ is: 'absent' }] }]);
        wire[lose](1);
        expect(await put(1)).toEqual({ ok: true });
        wire[lose](1);
        expect(await put(2)).toEqual({ ok: false, failed: 0, item: { ...fact, v: 1, n: 1 } });
      }),
    );

    it('says that the outcome is unknown when no answer comes, within its attempts', () =>
      lossy(async ({ store, wire }) => {
        wire.loseAnswers(Infinity);
        const started = performance.now();
        const error: unknown = await store.get(key('never')).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(StoreUnavailable);
        expect(String(error)).toContain('outcome is unknown');
        expect(wire.requests).toBe(3);
        expect(performance.now() - started).toBeLessThan(HANG_MS);
      }));

    it('gives up a body that stops in the middle', () =>
      lossy(async ({ store, wire }) => {
        wire.cutBodies(Infinity);
        await expect(store.get(key('half'))).rejects.toBeInstanceOf(StoreUnavailable);
      }));
  });
};
