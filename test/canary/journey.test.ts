import { describe, expect, it } from 'vitest';
import { makeJourney, type Step } from '../../functions/canary/journey.ts';
import type { FailureKind } from '../../functions/canary/questions.ts';
import { type Answer, TransportError } from '../../functions/canary/transport.ts';
import type { RouteName } from '../../functions/contract/routes.ts';
import { orderIdOf } from '../../functions/core/order-items.ts';
import { canarySku } from '../../functions/core/synthetic.ts';
import { changed, edited, startLane, type Told } from './lane.ts';

describe('a journey', () => {
  it('ends well on the real API, receives stock only where there is none, and leaves none of it sold', async () => {
    const lane = await startLane();
    const first = await makeJourney(lane.journey());
    const second = await makeJourney(lane.journey({ key: 'journey-2' }));
    expect([first, second]).toMatchObject([
      { ok: true, region: 'eu-central-1' },
      { ok: true, region: 'eu-central-1' },
    ]);
    expect(first.times.map(({ step }) => step)).toEqual(['place', 'receive', 'read', 'pay', 'read-again', 'list', 'stranger', 'cancel']);
    expect(second.times.map(({ step }) => step)).toEqual(['place', 'read', 'pay', 'read-again', 'list', 'stranger', 'cancel']);
    const order = await lane.world.data.query(`ORDER#${orderIdOf(lane.traveller.subject, 'journey-1')}`);
    expect(order.map(({ sk }) => sk.split('#').slice(0, 2).join(' '))).toEqual(['E cancel', 'E paid', 'PLACED eu-central-1']);
  });

  it('asks nothing as a stranger where everybody may call', async () => {
    const lane = await startLane({ auth: { mode: 'none' } });
    const made = await makeJourney(lane.journey());
    expect(made.ok).toBe(true);
    expect(made.times.map(({ step }) => step)).not.toContain('stranger');
  });

  it('looks into the list until the order is there, and not for ever', async () => {
    const lane = await startLane();
    const emptyAtFirst = (times: number) =>
      changed(lane.transport, (answer, { route, before }) =>
        route === 'listOrders' && before < times ? edited(answer, () => ({ orders: [] })) : answer,
      );
    expect((await makeJourney(lane.journey({ transport: emptyAtFirst(4) }))).ok).toBe(true);
    expect(await makeJourney(lane.journey({ transport: emptyAtFirst(5), key: 'journey-2' }))).toMatchObject({
      ok: false,
      failure: { step: 'list', kind: 'content', detail: 'the order is not in the list after 5 looks' },
    });
  });

  it('tells the time of the slowest request of each step, waiting not counted, and the memory where it is told', async () => {
    const lane = await startLane();
    const transport = changed(lane.transport, (answer, { route, before }) => {
      lane.clock.nowMs += route === 'listOrders' ? 30 - before : 10;
      return { ...(route === 'listOrders' && before === 0 ? edited(answer, () => ({ orders: [] })) : answer), memoryMb: 80 };
    });
    const made = await makeJourney(lane.journey({ transport }));
    expect(Object.fromEntries(made.times.map(({ step, ms }) => [step, ms]))).toMatchObject({ place: 10, list: 30, cancel: 10 });
    expect(made.memoryMb).toHaveLength(10);
  });

  it('begins no further step after twenty seconds', async () => {
    const lane = await startLane();
    const transport = changed(lane.transport, (answer) => {
      lane.clock.nowMs += 4_500;
      return answer;
    });
    const made = await makeJourney(lane.journey({ transport }));
    expect(made).toMatchObject({ ok: false, failure: { step: 'read-again', kind: 'timeout' } });
  });

  it.each([
    ['unreachable', 'placeOrder', 'place'],
    ['timeout', 'payOrder', 'pay'],
    ['tls', 'placeOrder', 'place'],
    ['broken', 'cancelOrder', 'cancel'],
    ['crash', 'listOrders', 'list'],
  ] as const)('names the step and the kind of what comes back without an answer: %s', async (kind, route, step) => {
    const lane = await startLane();
    const transport = changed(lane.transport, (answer, told) => {
      if (told.route === route) throw new TransportError(kind, 'for the test');
      return answer;
    });
    const made = await makeJourney(lane.journey({ transport }));
    expect(made).toMatchObject({ ok: false, failure: { step, kind, detail: 'for the test' } });
  });

  it('lets errors of its own code through', async () => {
    const lane = await startLane();
    const transport = { send: () => Promise.reject(new RangeError('a mistake')) };
    await expect(makeJourney(lane.journey({ transport }))).rejects.toThrow(RangeError);
  });
});

describe('a journey sees', () => {
  const wrongs: readonly (readonly [what: string, step: Step, kind: FailureKind, route: RouteName, wrong: (answer: Answer) => Answer])[] = [
    [
      'an order that was there before',
      'place',
      'content',
      'placeOrder',
      (answer) => ({ ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } }),
    ],
    ['an order refused', 'place', 'status', 'placeOrder', (answer) => ({ ...answer, status: 500 })],
    [
      'an order under another id',
      'place',
      'content',
      'placeOrder',
      (answer) => edited(answer, (body) => ({ ...body, id: '0'.repeat(32) })),
    ],
    [
      'an order of other lines',
      'place',
      'content',
      'placeOrder',
      (answer) => edited(answer, (body) => ({ ...body, lines: [{ sku: canarySku('eu-central-1'), quantity: 2 }] })),
    ],
    [
      'an order of another sku',
      'place',
      'content',
      'placeOrder',
      (answer) => edited(answer, (body) => ({ ...body, lines: [{ sku: 'canary.x', quantity: 1 }] })),
    ],
    ['an order with a note nobody wrote', 'place', 'content', 'placeOrder', (answer) => edited(answer, (body) => ({ ...body, note: 'x' }))],
    [
      'an order that another region claims',
      'place',
      'content',
      'placeOrder',
      (answer) => edited(answer, (body) => ({ ...body, placedBy: 'us-east-2' })),
    ],
    [
      'an answer of another region',
      'read',
      'content',
      'getOrder',
      (answer) => ({ ...answer, headers: { ...answer.headers, 'tandem-region': 'us-east-2' } }),
    ],
    [
      'an answer of nobody',
      'read',
      'content',
      'getOrder',
      ({ headers: { 'tandem-region': _, ...headers }, ...answer }) => ({ ...answer, headers }),
    ],
    ['an answer without a member', 'read', 'content', 'getOrder', (answer) => edited(answer, ({ paid: _, ...body }) => body)],
    ['an answer that is no JSON', 'read', 'content', 'getOrder', (answer) => ({ ...answer, body: '<html>' })],
    ['an order that is not placed', 'read', 'content', 'getOrder', (answer) => edited(answer, (body) => ({ ...body, state: 'cancelled' }))],
    [
      'an order placed at another time',
      'read',
      'content',
      'getOrder',
      (answer) => edited(answer, (body) => ({ ...body, placedAt: '2020-01-01T00:00:00.000Z' })),
    ],
    ['money that nobody paid', 'read', 'content', 'getOrder', (answer) => edited(answer, (body) => ({ ...body, paid: 1 }))],
    [
      'goods that nobody shipped',
      'read',
      'content',
      'getOrder',
      (answer) => edited(answer, (body) => ({ ...body, shipments: [{ by: 'eu-central-1', at: '2020-01-01T00:00:00.000Z' }] })),
    ],
    ['a payment of another amount', 'pay', 'content', 'payOrder', (answer) => edited(answer, (body) => ({ ...body, amount: 99 }))],
    [
      'a payment of another order',
      'pay',
      'content',
      'payOrder',
      (answer) => edited(answer, (body) => ({ ...body, order: '0'.repeat(32) })),
    ],
    [
      'a list with another row',
      'list',
      'content',
      'listOrders',
      (answer) =>
        edited(answer, (body) => ({
          ...body,
          orders: Array.isArray(body['orders']) ? body['orders'].map((row) => ({ ...row, lines: [{ sku: 'tea', quantity: 1 }] })) : [],
        })),
    ],
    [
      'a cancellation of another order',
      'cancel',
      'content',
      'cancelOrder',
      (answer) => edited(answer, (body) => ({ ...body, order: '0'.repeat(32) })),
    ],
    ['a cancellation that is no promise', 'cancel', 'status', 'cancelOrder', (answer) => ({ ...answer, status: 200 })],
  ];
  it.each(wrongs)('%s', async (_what, step, kind, route, wrong) => {
    const lane = await startLane();
    const transport = changed(lane.transport, (answer, told) =>
      told.route === route && answer.status !== 409 && told.authorized ? wrong(answer) : answer,
    );
    const made = await makeJourney(lane.journey({ transport }));
    expect(made).toMatchObject({ ok: false, failure: { step, kind } });
    expect(made.ok ? '' : made.failure.detail).not.toBe('');
  });

  it('a payment that is lost, or counted twice', async () => {
    for (const count of [0, 2]) {
      const lane = await startLane();
      const transport = changed(lane.transport, (answer, { route, before, authorized }) =>
        route === 'getOrder' && before === 1 && authorized
          ? edited(answer, (body) => ({
              ...body,
              payments: Array.isArray(body['payments']) ? Array(count).fill(body['payments'][0]) : [],
              paid: 100 * count,
            }))
          : answer,
      );
      expect(await makeJourney(lane.journey({ transport }))).toMatchObject({ ok: false, failure: { step: 'read-again', kind: 'content' } });
    }
  });

  it('an order that is shown to strangers', async () => {
    const lane = await startLane();
    const open = changed(lane.transport, (answer, told: Told) =>
      told.route === 'getOrder' && !told.authorized ? { ...answer, status: 200 } : answer,
    );
    expect(await makeJourney(lane.journey({ transport: open }))).toMatchObject({
      ok: false,
      failure: { step: 'stranger', kind: 'status' },
    });
  });

  it('a version that was not asked', async () => {
    const lane = await startLane();
    const answerer = (version: string) => ({ regions: [lane.world.region], version });
    expect((await makeJourney(lane.journey({ answerer: answerer('7') }))).ok).toBe(true);
    const made = await makeJourney(lane.journey({ answerer: answerer('8'), key: 'journey-2' }));
    expect(made).toMatchObject({
      ok: false,
      failure: { step: 'place', kind: 'content', detail: 'version 1.0.0+7 answered, expected one that ends with +8' },
    });
  });

  it('what the API says of a refusal', async () => {
    const lane = await startLane();
    const made = await makeJourney(lane.journey({ traveller: { ...lane.traveller, sku: 'tea' } }));
    expect(made).toMatchObject({
      ok: false,
      failure: {
        step: 'place',
        kind: 'status',
        status: 400,
        detail: expect.stringContaining('given the sku tea, which this caller may not order'),
      },
    });
  });
});
