import { describe, expect, test } from 'vitest';
import type { TandemClient } from '../../client/client.ts';
import { answer, type Behaviour, problem, silence } from './front-door.ts';
import { toldOf } from './serving.ts';
import { regions } from './two-regions.ts';

const VALUE = { name: 'Ann' };
const tagged = (tag: string, status = 200, more: Readonly<Record<string, string>> = {}): Behaviour =>
  asRecord(status, { etag: `"${tag}"`, ...more });
const asRecord =
  (status: number, headers: Readonly<Record<string, string>>): Behaviour =>
  (received, response, request) =>
    answer(received.path.includes('history') ? 200 : status, toldOf(received).body, headers)(received, response, request);
const MOVED_ON = problem(412, 'precondition-failed');
const UNHEARD = problem(412, 'unknown-version');

describe('a record', () => {
  test('is edited for as long as another region needs to hold the edit, where its caller asks for that', async () => {
    await using world = await regions(tagged('v1', 201, { 'tandem-durability': 'replicated' }), silence);
    const client = world.client();
    await client.putRecord('new', VALUE, { ifNoneMatch: '*' });
    const edited = await client.putRecord('new', VALUE, { ifMatch: 'v1', durability: 'replicated' });
    expect(edited).toMatchObject({ kind: 'ok', durability: 'replicated' });
    expect(world.a.asked.map(({ headers }) => headers['tandem-durability'])).toEqual([undefined, 'replicated']);
  });

  test('is read with its tag, edited by it, and made where none is; each edit under a key of its own', async () => {
    await using world = await regions(tagged('v1'), silence);
    const conditions: unknown[] = [];
    const keys: string[] = [];
    world.a.behaviour = (received, response, request) => {
      const { 'if-match': match, 'if-none-match': noneMatch, 'content-type': type } = request.headers;
      if (received.key !== undefined) keys.push(received.key);
      conditions.push([received.method, match, noneMatch, type, received.body]);
      tagged('v2', received.method === 'PUT' ? 201 : 200)(received, response, request);
    };
    const client = world.client();
    const read = await client.getRecord('a/b');
    const edited = await client.putRecord('a/b', VALUE, { ifMatch: 'v1' });
    const made = await client.putRecord('new', VALUE, { ifNoneMatch: '*' });
    await client.getHistory('a/b', { limit: '2' });

    expect([read, edited, made]).toMatchObject([
      { kind: 'ok', tag: 'v2', value: { value: VALUE } },
      { kind: 'ok', tag: 'v2', status: 201, replayed: false, idempotencyKey: keys[0] },
      { kind: 'ok' },
    ]);
    const body = JSON.stringify({ value: VALUE });
    expect(conditions).toEqual([
      ['GET', undefined, undefined, undefined, ''],
      ['PUT', '"v1"', undefined, 'application/json', body],
      ['PUT', undefined, '*', 'application/json', body],
      ['GET', undefined, undefined, undefined, ''],
    ]);
    expect(new Set(keys).size).toBe(2);
    expect(world.a.asked.map(({ path }) => path)).toEqual([
      '/records/a%2Fb',
      '/records/a%2Fb',
      '/records/new',
      '/records/a%2Fb/history?limit=2',
    ]);
  });

  test.each([
    ['a tag that was weakened on the way', { etag: 'W/"v1.v2"' }, 'v1.v2'],
    ['none', {}, undefined],
  ])('with %s has the tag %s', async (_, headers, tag) => {
    await using world = await regions(asRecord(200, headers), silence);
    expect(await world.client().getRecord('profile')).toMatchObject({ kind: 'ok', tag });
  });

  test.each<[string, Behaviour]>([
    ['does not answer', silence],
    ['fails', problem(503, 'unavailable')],
  ])('is edited in the next region, by the same request, when the first %s; and says that it was done before', async (_, behaviour) => {
    await using world = await regions(behaviour, tagged('v2', 200, { 'idempotent-replayed': 'true' }));
    expect(await edit(world.client())).toMatchObject({ kind: 'ok', region: 'b', tag: 'v2', replayed: true });
    expect(
      new Set([...world.a.asked, ...world.b.asked].map(({ method, path, body, key }) => `${method} ${path} ${body} ${key}`)).size,
    ).toBe(1);
  });
});

describe('an edit that is refused', () => {
  test('because the record has moved on is refused for good: a region that would take it has merely not heard of that', async () => {
    await using world = await regions(MOVED_ON, tagged('v2'));
    expect(await edit(world.client())).toMatchObject({ kind: 'refused', region: 'a', problem: { type: '/problems/precondition-failed' } });
    expect(world.b.asked).toHaveLength(0);
  });

  test('by a region that has not heard of what it was made from is made in one that has', async () => {
    await using world = await regions(UNHEARD, tagged('v2'));
    expect(await edit(world.client())).toMatchObject({ kind: 'ok', region: 'b', tag: 'v2' });
  });

  test('by every region, each in its own way, is refused; what is said of the record counts more', async () => {
    await using world = await regions(UNHEARD, MOVED_ON);
    expect(await edit(world.client())).toMatchObject({ kind: 'refused', region: 'b', problem: { type: '/problems/precondition-failed' } });
    await using deaf = await regions(UNHEARD, UNHEARD);
    expect(await edit(deaf.client())).toMatchObject({ kind: 'refused', problem: { type: '/problems/unknown-version' } });
    expect([deaf.a.asked.length, deaf.b.asked.length]).toEqual([1, 1]);
  });

  test.each<[string, Behaviour]>([
    ['moved on', MOVED_ON],
    ['not heard of it', UNHEARD],
  ])('(%s) beside an attempt without an answer may have been made all the same', async (_, refusal) => {
    await using world = await regions(silence, refusal);
    expect(await edit(world.client())).toMatchObject({ kind: 'unknown', mayHaveRun: true, refusal: { status: 412 } });
  });

  test('and was sent before, with an outcome that is not known, may have been made then', async () => {
    await using world = await regions(MOVED_ON, silence);
    expect(await world.client().putRecord('profile', VALUE, { ifMatch: 'v1', mayHaveRun: true })).toMatchObject({
      kind: 'unknown',
      mayHaveRun: true,
    });
  });

  test('where it must say what it was made from, or as too large a history, is refused for good', async () => {
    for (const [status, name] of [
      [428, 'precondition-required'],
      [409, 'record-full'],
    ] as const) {
      await using world = await regions(problem(status, name), tagged('v2'));
      expect(await edit(world.client())).toMatchObject({ kind: 'refused', problem: { status } });
      expect(world.b.asked).toHaveLength(0);
    }
  });
});

const edit = (client: TandemClient) => client.putRecord('profile', VALUE, { ifMatch: 'v1' });
