import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANSWERS } from '../../functions/contract/answers.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import { type ApiDocument, faultOf, type Known, requests, send } from './api-fuzz.ts';
import { ApiWorld, REGIONS } from './api-world.ts';

/** Change it, or the number of runs, to look further: `TANDEM_FUZZ_RUNS=100000 vitest run test/functions/api-fuzz`. */
const SEED = 20_261_123;
const RUNS = Number(process.env['TANDEM_FUZZ_RUNS'] ?? 3_000);
/** Generous: a machine that is busy with everything else is not wrong. */
const LIMIT_MS = 60_000 + 100 * RUNS;

describe('requests made from the OpenAPI document', () => {
  it(
    'are never answered with 5xx, nor with anything that is not documented; and get everywhere',
    async () => {
      const world = await new ApiWorld({ tokenWaitMs: 0, replicatedDeadlineMs: 0 }).start();
      const known = await populate(world);
      const { body } = await world.get('/openapi.json');
      const document: ApiDocument = JSON.parse(JSON.stringify(body));
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(requests(document, known), async (request) => {
          const answer = await send(world, request);
          const fault = faultOf(request, answer);
          if (fault !== undefined) throw new Error(`${request.method} ${request.path}: ${fault}: ${answer.text}`);
          seen.add(`${request.operation.operationId} ${answer.status}`);
          const shape = Object.entries(ANSWERS).find(([name]) => name === request.operation.operationId)?.[1];
          if (request.method === 'HEAD') expect(answer.text).toBe('');
          else if (answer.status < 300) expect(shape?.safeParse(answer.body)).toMatchObject({ success: true });
        }),
        { seed: SEED, numRuns: RUNS },
      );
      // A fuzz that is refused at the door proves nothing: each route succeeded, and was refused for its own reasons too.
      for (const [name, route] of Object.entries(ROUTES)) expect(seen).toContain(`${name} ${route.success.status}`);
      for (const more of ['putRecord 201', 'putRecord 412', 'putRecord 428', 'getRecord 304', 'getRecord 412'])
        expect(seen).toContain(more);
      expect(seen.size).toBeGreaterThan(50);
    },
    LIMIT_MS,
  );
});

const populate = async (world: ApiWorld): Promise<Known> => {
  const skus = ['tea', 'cup', 'pot'];
  for (const sku of skus) await world.post(`/stock/${sku}/regions/${world.region}/receipts`, { quantity: 500_000 });
  const keys = Array.from({ length: 5 }, () => randomUUID());
  const orders: string[] = [];
  for (const sku of [...skus, ...skus]) orders.push(String((await world.post('/orders', { lines: [{ sku, quantity: 1 }] })).body['id']));
  const records = ['note-1', 'note-2', 'note-3'];
  const tags: string[] = [];
  for (const id of records) tags.push(String((await world.put(`/records/${id}`, { id })).headers['etag']));
  return { orders, skus, regions: REGIONS, keys, records, tags };
};
