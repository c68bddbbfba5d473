/** What callers do with records in two regions, told by answers alone: run over every store. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { ANSWERS } from '../../functions/contract/answers.ts';
import { HEADERS } from '../../functions/contract/names.ts';
import { recordKey } from '../../functions/core/records.ts';
import { type Answered, type ApiWorld, REGIONS } from './api-world.ts';

/** @param start a region by its name, with a table of its own */
export const recordJourneys = (name: string, start: (region: string) => Promise<ApiWorld>): void => {
  describe(`${name}: a record`, () => {
    let a: ApiWorld;
    let b: ApiWorld;
    beforeAll(async () => {
      [a, b] = [await start(REGIONS[0]), await start(REGIONS[1])];
    });

    it('is made, read, edited and read again, each answer as the contract says', async () => {
      const path = `/records/${randomUUID()}`;
      expect((await a.get(path)).status).toBe(404);
      const made = await a.put(path, { name: 'Ann' });
      const read = await a.get(path);
      const edited = await a.put(path, { name: 'Anna' }, tagOf(read));
      const [again, history] = [await a.get(path), await a.get(`${path}/history`)];
      expect([made, read, edited, again, history].map(({ status }) => status)).toEqual([201, 200, 200, 200, 200]);
      expect([read.body, tagOf(read)]).toEqual([made.body, tagOf(made)]);
      expect([again.body, tagOf(again)]).toEqual([edited.body, tagOf(edited)]);
      expect(again.body).toMatchObject({ value: { name: 'Anna' }, editedBy: a.region, conflicts: [] });
      expect(history.body['versions']).toMatchObject([
        { value: { name: 'Anna' }, parents: [made.body['version']], head: true },
        { value: { name: 'Ann' }, parents: [], head: false },
      ]);
      for (const [route, answer] of [
        ['putRecord', made],
        ['getRecord', read],
        ['getHistory', history],
      ] as const)
        expect(ANSWERS[route].safeParse(answer.body).error).toBeUndefined();
    });

    it('edited twice at once under the same key is edited once; by another request, the later one is refused', async () => {
      const path = `/records/${randomUUID()}`;
      const tag = tagOf(await a.put(path, { n: 0 }));
      const headers = { [HEADERS.idempotencyKey]: randomUUID() };
      const same = await Promise.all([1, 1, 1].map((n) => a.put(path, { n }, tag, { headers })));
      expect(same.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(new Set(same.map(({ text }) => text)).size).toBe(1);
      expect(same.filter(({ headers }) => headers[HEADERS.replayed] === 'true')).toHaveLength(2);

      const others = await Promise.all([2, 3, 4].map((n) => a.put(path, { n }, tagOf(same[0]))));
      expect(others.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
      expect((await a.get(path)).body).toMatchObject({ value: others.find(({ status }) => status === 200)?.body['value'], conflicts: [] });
    });

    it.each([
      ['under keys of their own', () => ({ [HEADERS.idempotencyKey]: randomUUID() })],
      ['without keys', () => ({})],
    ])('claimed by several callers at once with equal words, %s, has one winner', async (_, headers) => {
      const path = `/records/${randomUUID()}`;
      const tag = tagOf(await a.put(path, { claimed: false }));
      const claims = await Promise.all([1, 2, 3].map(() => a.put(path, { claimed: true }, tag, { headers: headers() })));
      expect(claims.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    });

    it('that has gone on is not made again by whoever begins with the same words', async () => {
      const path = `/records/${randomUUID()}`;
      const tag = tagOf(await a.put(path, { n: 0 }));
      await a.put(path, { n: 7 }, tag);
      expect((await a.put(path, { n: 0 })).status).toBe(412);
      expect((await a.get(path)).body).toMatchObject({ value: { n: 7 }, conflicts: [] });
    });

    it('edited in two regions under one key is one edit, and a repetition without a key is refused as what it is: made from what is no more', async () => {
      const path = `/records/${randomUUID()}`;
      const tag = tagOf(await a.put(path, { n: 0 }));
      await replicate(a, b, path);
      const headers = { [HEADERS.idempotencyKey]: randomUUID() };
      const [inA, inB] = [await a.put(path, { n: 1 }, tag, { headers }), await b.put(path, { n: 1 }, tag, { headers })];
      expect([inA.status, inB.status, tagOf(inA)]).toEqual([200, 200, tagOf(inB)]);
      await replicate(a, b, path);
      expect((await b.get(path)).body['conflicts']).toEqual([]);
      expect((await b.put(path, { n: 1 }, tag)).body['type']).toBe('/problems/precondition-failed');
    });

    it('edited in two regions that do not hear of each other shows both edits, the same in each, until one edit names both', async () => {
      // given a record that both regions hold
      const path = `/records/${randomUUID()}`;
      const tag = tagOf(await a.put(path, { from: 'nobody' }));
      await replicate(a, b, path);

      // when each edits it, and then hears of the other
      const headers = { [HEADERS.idempotencyKey]: randomUUID() };
      const [left, right] = [await a.put(path, { from: 'a' }, tag, { headers }), await b.put(path, { from: 'b' }, tag)];
      expect([left.status, right.status]).toEqual([200, 200]);
      await replicate(a, b, path);
      await replicate(b, a, path);

      // then both show both
      const [inA, inB] = [await a.get(path), await b.get(path)];
      expect([inA.body, tagOf(inA)]).toEqual([inB.body, tagOf(inB)]);
      expect(inA.body['conflicts']).toHaveLength(1);
      expect((await a.put(path, { from: 'a' }, tag, { headers })).headers[HEADERS.replayed]).toBe('true');
      expect((await b.put(path, { from: 'one side only' }, tagOf(right))).body['type']).toBe('/problems/precondition-failed');

      // when an edit names both
      const merged = await b.put(path, { from: 'both' }, tagOf(inB));
      expect(merged.status).toBe(200);
      const early = await a.put(path, { from: 'after' }, tagOf(merged));
      expect([early.status, early.body['type']]).toEqual([412, '/problems/unknown-version']);
      await replicate(b, a, path);

      // then it is one again
      expect((await a.get(path)).body).toMatchObject({ value: { from: 'both' }, conflicts: [] });
      expect((await a.put(path, { from: 'after' }, tagOf(merged))).status).toBe(200);
    });

    it('has a history that is read page by page, and that the other region continues', async () => {
      const path = `/records/${randomUUID()}`;
      let tag: string | undefined;
      for (let n = 0; n < 5; n += 1) tag = tagOf(await a.put(path, { n }, tag));
      await replicate(a, b, path);
      const first = await a.get(`${path}/history?limit=2`);
      const second = await b.get(`${path}/history?limit=2&cursor=${String(first.body['cursor'])}`);
      const last = await a.get(`${path}/history?limit=2&cursor=${String(second.body['cursor'])}`);
      const rows = [first, second, last].flatMap(({ body }): unknown[] => (Array.isArray(body['versions']) ? body['versions'] : []));
      expect(rows).toMatchObject([4, 3, 2, 1, 0].map((n) => ({ value: { n }, head: n === 4 })));
      expect(last.body['cursor']).toBeUndefined();
      expect((await a.get(`${path}/history?cursor=${'f'.repeat(32)}`)).status).toBe(404);
    });

    it("of somebody else does not exist, and one's own may have the same id", async () => {
      const path = `/records/${randomUUID()}`;
      const tag = tagOf(await a.put(path, { whose: 'mine' }));
      const token = a.key.token({ sub: `bob-${randomUUID()}` });
      const answers = [await a.get(path, { token }), await a.get(`${path}/history`, { token }), await a.put(path, {}, tag, { token })];
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 412]);
      expect((await a.put(path, { whose: 'his' }, undefined, { token })).status).toBe(201);
      expect((await a.get(path)).body).toMatchObject({ value: { whose: 'mine' } });
    });
  });
};

const tagOf = (answer: Answered | undefined): string => {
  const tag = answer?.headers[HEADERS.etag];
  if (tag === undefined) throw new Error(`no ETag: ${answer?.text}`);
  return tag;
};

/** Carries what one region wrote of a record to the other. */
const replicate = async (from: ApiWorld, to: ApiWorld, path: string): Promise<void> => {
  const items = await from.data.query(recordKey(SUBJECT, path.slice('/records/'.length)));
  for (const item of items) if (item.sk.endsWith(`#${from.region}`)) await to.data.transact([{ action: 'put', item }]);
};

/** Of tokens that name no other. */
const SUBJECT = 'ann';
