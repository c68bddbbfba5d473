import { describe, expect, it } from 'vitest';
import { HEADERS } from '../../functions/contract/names.ts';
import { SCOPES } from '../../functions/contract/routes.ts';
import { LIMITS } from '../../functions/contract/values.ts';
import { CLOSED_VIEW_MS_MAX } from '../../functions/core/monitor.ts';
import { CLOCK_SKEW_MS_MAX, incarnationItem, REGIONS_KEY, switchItem } from '../../functions/core/operations.ts';
import type { Item } from '../../functions/core/store.ts';
import { type Answered, type ApiWorld, REGIONS, type Sent } from './api-world.ts';
import { makeTestKey } from './callers.ts';
import { EVERY_WRITE, leftIn, lookAgain, openWorld, sendWrite } from './every-write.ts';

const [HERE, PEER] = REGIONS;
const beat = (region: string, more: Partial<Item>): Item => ({ ...more, pk: REGIONS_KEY, sk: `BEAT#${region}`, v: 1, rev: 1 });
const incarnation = (phase: 'FENCED' | 'SERVES' | 'CLOSED') =>
  incarnationItem({ region: HERE, incarnation: 2, by: PEER, phase, atMs: Date.now() });
const putBeats = (world: ApiWorld, ...items: readonly Item[]) => world.data.transact(items.map((item) => ({ action: 'put', item })));
const putControl = (world: ApiWorld, item: Item) => world.control.transact([{ action: 'put', item }]);
const problemOf = ({ status, body }: Answered) => [status, body['type']];

/** What closes the gate of a region, and what opens it again where anything does. */
interface Closing {
  readonly what: string;
  readonly close: (world: ApiWorld) => Promise<unknown>;
  readonly open?: (world: ApiWorld) => Promise<unknown>;
}
const CLOSED: readonly Closing[] = [
  { what: 'is being rebuilt', close: (world) => putControl(world, incarnation('FENCED')) },
  { what: 'only closed its books', close: (world) => putControl(world, incarnation('CLOSED')) },
  {
    what: 'was replaced, as a peer knows',
    close: (world) => putBeats(world, beat(PEER, { at: Date.now(), incarnations: { [HERE]: 2 } })),
  },
  {
    what: 'was away and has heard no peer since',
    close: (world) => putBeats(world, beat(HERE, { at: Date.now(), resumedAt: Date.now() }), beat(PEER, { at: Date.now() - 60_000 })),
    open: (world) => putBeats(world, beat(PEER, { at: Date.now() + 2 * CLOCK_SKEW_MS_MAX })),
  },
];

describe.each(EVERY_WRITE)('$what', (write) => {
  const { route, status } = write;
  const scope = route.access.kind === 'user' ? route.access.scope : undefined;

  /** A world with a request that is ready to be sent, and what was there before it. */
  const ready = async () => {
    const { world, data } = await openWorld();
    const request = await write.prepare(world);
    return { world, data, request, before: leftIn(data) };
  };
  const expectRefused = async (more: Sent, problem: readonly [number, string]): Promise<Answered> => {
    const { world, data, request, before } = await ready();
    const answer = await sendWrite(world, write, request, more);
    expect(problemOf(answer)).toEqual([problem[0], `/problems/${problem[1]}`]);
    expect(leftIn(data)).toEqual(before);
    return answer;
  };

  it.each([
    ['its first', undefined, HERE],
    ['a later', incarnation('SERVES'), `${HERE}.2`],
  ])('is done by a region in %s incarnation, under its present name alone', async (_, control, writer) => {
    const { world, data } = await openWorld();
    if (control) await putControl(world, control);
    const request = await write.prepare(world);
    const before = leftIn(data);
    const answer = await sendWrite(world, write, request);
    expect(answer.status).toBe(status);
    const told = leftIn(data).filter((item) => !before.includes(item));
    expect(told.length).toBeGreaterThan(0);
    for (const { sk, v } of told) expect([sk.split('#').at(-1), v]).toEqual([writer, 1]);
    expect(world.served.at(-1)).toMatchObject({
      route: write.name,
      method: route.method,
      caller: 'user',
      status,
      refusal: undefined,
      correlationId: answer.headers[HEADERS.correlationId],
      waitedMs: expect.any(Number),
    });
    expect(world.served.at(-1)?.latencyMs).toBeLessThan(60_000);
  });

  it.each(CLOSED)('is refused by a region that $what, and leaves nothing there', async ({ close, open }) => {
    const { world, data, request } = await ready();
    await close(world);
    lookAgain(world);
    const before = leftIn(data);
    const refused = await sendWrite(world, write, request);
    expect([...problemOf(refused), refused.headers[HEADERS.retryAfter]]).toEqual([503, '/problems/unavailable', '1']);
    expect(leftIn(data)).toEqual(before);
    if (!open) return;
    await open(world);
    world.aheadMs += CLOSED_VIEW_MS_MAX;
    const done = await sendWrite(world, write, request);
    expect([done.status, done.headers[HEADERS.replayed]]).toEqual([status, undefined]);
  });

  it('is refused by a region that is evacuated once its drain time is over, and leaves nothing there', async () => {
    const { world, data, request } = await ready();
    const late = await write.prepare(world);
    await putControl(world, switchItem({ region: HERE, by: PEER, evacuate: true, atMs: Date.now(), reason: 'test' }));
    lookAgain(world);
    expect((await sendWrite(world, write, request)).status).toBe(status);
    world.aheadMs = 31_000;
    const before = leftIn(data);
    const refused = await sendWrite(world, write, late);
    expect([...problemOf(refused), refused.headers[HEADERS.retryAfter]]).toEqual([503, '/problems/unavailable', '30']);
    expect(leftIn(data)).toEqual(before);
  });

  it('is done for its own scope, and refused for all others together', async () => {
    const { world, request } = await ready();
    const token = (scopes: readonly string[]) => world.key.token({ scope: scopes.join(' ') });
    const without = SCOPES.filter((each) => each !== scope);
    const key = makeTestKey({ scopes: without });
    for (const more of [{ token: token(without) }, { token: token([]) }]) {
      const refused = await sendWrite(world, write, request, more);
      expect([...problemOf(refused), refused.headers['www-authenticate']]).toEqual([
        403,
        '/problems/forbidden',
        `Bearer realm="tandem", error="insufficient_scope", scope="${scope}"`,
      ]);
    }
    // What a token says is worth no more than its key.
    await putControl(world, key.item);
    expect((await sendWrite(world, write, request, { token: key.token() })).status).toBe(403);
    const done = await sendWrite(world, write, request, { token: token([scope ?? '']) });
    expect([done.status, done.headers[HEADERS.replayed]]).toEqual([status, undefined]);
  });

  it.each([
    ['no token', null, 'Bearer realm="tandem"'],
    ['a token of a key that nobody registered', makeTestKey().token(), 'Bearer realm="tandem", error="invalid_token"'],
    ['what is no token', 'a.b', 'Bearer realm="tandem", error="invalid_token"'],
  ])('is refused with %s', async (_, token, challenge) => {
    const answer = await expectRefused({ token }, [401, 'unauthorized']);
    expect(answer.headers['www-authenticate']).toBe(challenge);
  });

  it('may have a body of so many bytes, and not one more', async () => {
    const { world, request } = await ready();
    const padded = (bytes: number): Sent => ({ rawBody: JSON.stringify(request.sent.body).padEnd(bytes) });
    const refused = await sendWrite(world, write, request, padded(LIMITS.bodyBytes + 1));
    expect(problemOf(refused)).toEqual([413, '/problems/too-large']);
    const done = await sendWrite(world, write, request, padded(LIMITS.bodyBytes));
    expect([done.status, done.headers[HEADERS.replayed]]).toEqual([status, undefined]);
  });

  it.each<[string, Sent, readonly [number, string]]>([
    ['no body', { body: undefined }, [415, 'unsupported-media-type']],
    ['an empty body', { rawBody: '' }, [400, 'bad-request']],
    ['what is no JSON', { rawBody: '{"' }, [400, 'bad-request']],
    ['what is no JSON in base64', { rawBody: '{"', base64: true }, [400, 'bad-request']],
    ['JSON that is no object', { rawBody: '[]' }, [400, 'bad-request']],
    ['null', { rawBody: 'null' }, [400, 'bad-request']],
    ['another type of content', { headers: { 'Content-Type': 'text/plain' } }, [415, 'unsupported-media-type']],
    ['a token that this API never gave', { headers: { 'Tandem-Token': 'x' } }, [400, 'bad-request']],
    ['another durability than there is', { headers: { 'Tandem-Durability': 'local' } }, [400, 'bad-request']],
  ])('is refused with %s, and leaves nothing there', async (_, more, problem) => {
    await expectRefused(more, problem);
  });

  it('is refused with a member or a query that the contract does not know', async () => {
    const { world, data, request, before } = await ready();
    const more = { body: { ...Object(request.sent.body), surprise: 1 } };
    const answers = [
      await sendWrite(world, write, request, more),
      await sendWrite(world, write, { ...request, path: `${request.path}?x=1` }),
    ];
    for (const answer of answers) expect(problemOf(answer)).toEqual([400, '/problems/bad-request']);
    expect(leftIn(data)).toEqual(before);
  });

  it('is refused when it does not say by what it is told from another', async () => {
    const { world, data, request, before } = await ready();
    const { headers: _, ...unconditional } = request.sent;
    const send = (sent: Sent) => sendWrite(world, write, { ...request, sent });
    const answers = route.method === 'PUT' ? [await send(unconditional)] : [await send({ ...request.sent, key: null })];
    for (const key of route.method === 'PUT' ? [] : ['short', 'x'.repeat(129), 'with space'])
      answers.push(await send({ ...request.sent, key }));
    for (const answer of answers)
      expect(problemOf(answer)).toEqual(route.method === 'PUT' ? [428, '/problems/precondition-required'] : [400, '/problems/bad-request']);
    expect(leftIn(data)).toEqual(before);
  });
});
