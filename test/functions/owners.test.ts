import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ROUTES, RouteName } from '../../functions/contract/routes.ts';
import { type Authority, ownerOf } from '../../functions/core/owner.ts';
import { type Answered, ApiWorld, type Sent } from './api-world.ts';
import { makeTestKey, tokenOf } from './callers.ts';

/** What is the first caller's, and what must not be seen in an answer to the second one. */
interface Theirs {
  readonly sku: string;
  readonly order: string;
  readonly shipped: string;
  readonly record: string;
  readonly key: string;
  readonly secret: string;
}
type UserRoute = { [R in RouteName]: (typeof ROUTES)[R]['access']['kind'] extends 'user' ? R : never }[RouteName];
type Call = (method: string, path: string, sent?: Sent) => Promise<Answered>;

const ISSUER = 'https://id.example.com';

/** What the second caller asks of what is the first one's, and the status it gets. A route that is new does not compile until it is here. */
const ASKED: Readonly<Record<UserRoute, readonly [(theirs: Theirs) => Parameters<Call>, number]>> = {
  placeOrder: [({ sku, key, secret }) => ['POST', '/orders', { body: { lines: [{ sku, quantity: 1 }], note: `not ${secret}` }, key }], 201],
  listOrders: [() => ['GET', '/orders'], 200],
  getOrder: [({ order }) => ['GET', `/orders/${order}`], 404],
  payOrder: [({ order, key }) => ['POST', `/orders/${order}/payments`, { body: { amount: 7 }, key }], 404],
  // Who may ship ships everybody's orders; but what another one told of a shipment is no answer to this request.
  shipOrder: [({ shipped, key, secret }) => ['POST', `/orders/${shipped}/shipments`, { body: { carrier: secret }, key }], 409],
  cancelOrder: [({ order, key }) => ['POST', `/orders/${order}/cancellations`, { body: {}, key }], 404],
  getStock: [({ sku }) => ['GET', `/stock/${sku}`], 200],
  receiveStock: [({ sku, key }) => ['POST', `/stock/${sku}/regions/eu-central-1/receipts`, { body: { quantity: 9 }, key }], 201],
  getRecord: [({ record }) => ['GET', `/records/${record}`], 404],
  getHistory: [({ record }) => ['GET', `/records/${record}/history`], 404],
  putRecord: [({ record }) => ['PUT', `/records/${record}`, { body: { value: { mine: true } }, headers: { 'If-None-Match': '*' } }], 201],
};

/** A world in which three authorities are trusted, and two of them have two keys. */
const start = async () => {
  const oidc = makeTestKey({ kid: 'of-the-issuer' });
  const documents: Readonly<Record<string, unknown>> = {
    [`${ISSUER}/.well-known/openid-configuration`]: { issuer: ISSUER, jwks_uri: 'https://keys.example.com/' },
    'https://keys.example.com/': { keys: [{ ...JSON.parse(String(oidc.item['publicJwk'])), kid: oidc.kid }] },
  };
  const auth = { mode: 'oidc', issuer: ISSUER, audience: 'shop' } as const;
  const world = await new ApiWorld({ auth, fetch: async (url) => Response.json(documents[url]) }).start();
  const [successor, ...partners] = [makeTestKey(), makeTestKey({ issuer: 'partner' }), makeTestKey({ issuer: 'partner' })];
  for (const { item } of [successor, ...partners]) await world.control.transact([{ action: 'put', item }]);
  const own = [world.key, successor].map((key) => (sub: string) => key.token({ sub }));
  const partner = partners.map((key) => (sub: string) => key.token({ sub, iss: 'partner' }));
  const issuer = [(sub: string) => tokenOf(oidc.privateKey, { kid: oidc.kid }, { iss: ISSUER, aud: 'shop', sub })];
  const caller =
    (token: string): Call =>
    (method, path, sent) =>
      world.call(method, path, { ...sent, token });
  return { world, caller, tokens: { own, partner, issuer } };
};

const NAMES = ['own', 'partner', 'issuer'] as const;
const AUTHORITIES: readonly Authority[] = [
  { kind: 'registered', issuer: 'partner' },
  { kind: 'oidc', issuer: ISSUER },
  { kind: 'own', issuer: 'tandem' },
];
/** Subjects, and such as are made to look like another authority's owner. */
const subjects = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.constantFrom('ann', 'anonymous', ...AUTHORITIES.map((authority) => ownerOf(authority, 'ann'))),
);

/** The first caller's order, record, shipment and receipt. */
const make = async (call: Call): Promise<Theirs> => {
  const [sku, record, key, secret] = [`sku-${randomUUID()}`, `record-${randomUUID()}`, `key-${randomUUID()}`, `secret-${randomUUID()}`];
  await call('POST', `/stock/${sku}/regions/eu-central-1/receipts`, { body: { quantity: 9 }, key });
  const lines = [{ sku, quantity: 1 }];
  const order = await call('POST', '/orders', { body: { lines, note: secret }, key });
  const shipped = await call('POST', '/orders', { body: { lines, note: secret }, key: `${key}-2` });
  const ids = [order, shipped].map(({ body }) => String(body['id']));
  const told = [
    order,
    shipped,
    await call('POST', `/orders/${ids[0]}/payments`, { body: { amount: 7 }, key }),
    await call('POST', `/orders/${ids[1]}/shipments`, { body: { carrier: secret }, key }),
    await call('PUT', `/records/${record}`, { body: { value: { secret } }, headers: { 'If-None-Match': '*' } }),
  ];
  expect(told.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
  return { sku, order: ids[0] ?? '', shipped: ids[1] ?? '', record, key, secret };
};

describe('what two authorities call by one name', () => {
  it("shares nothing: no route shows one what is the other's, or takes its requests for the other's", async () => {
    const { caller, tokens } = await start();
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...NAMES], { minLength: 2, maxLength: 2 }), subjects, async ([one, other], sub) => {
        const first = caller(tokens[one ?? 'own'][0]?.(sub) ?? '');
        const second = caller(tokens[other ?? 'own'][0]?.(sub) ?? '');
        const theirs = await make(first);
        for (const [route, [ask, status]] of Object.entries(ASKED)) {
          const { text, ...answer } = await second(...ask(theirs));
          expect([route, answer.status, answer.headers['idempotent-replayed']]).toEqual([route, status, undefined]);
          expect(text.replaceAll(`not ${theirs.secret}`, '')).not.toContain(theirs.secret);
          if (route === 'listOrders' || route === 'placeOrder') expect(text).not.toMatch(new RegExp(`${theirs.order}|${theirs.shipped}`));
        }
        const kept = await first('GET', `/records/${theirs.record}`);
        expect(kept.text).toContain(theirs.secret);
      }),
      { numRuns: 12 },
    );
  });

  it('is one caller under each key of one issuer, so that a key can be replaced', async () => {
    const { caller, tokens } = await start();
    for (const [old, successor] of [tokens.own, tokens.partner]) {
      const theirs = await make(caller(old?.('ann') ?? ''));
      const call = caller(successor?.('ann') ?? '');
      expect((await call('GET', `/orders/${theirs.order}`)).text).toContain(theirs.secret);
      expect((await call('GET', `/records/${theirs.record}`)).text).toContain(theirs.secret);
    }
  });
});

describe('the owner that stands in a row', () => {
  it.each([
    ['own', 'ann'],
    ['partner', ownerOf({ kind: 'registered', issuer: 'partner' }, 'ann')],
    ['issuer', ownerOf({ kind: 'oidc', issuer: ISSUER }, 'ann')],
  ] as const)("is the %s key's subject under its issuer", async (name, owner) => {
    const { world, caller, tokens } = await start();
    const { order } = await make(caller(tokens[name][0]?.('ann') ?? ''));
    const [placed] = await world.data.query(`ORDER#${order}`, 'PLACED#');
    expect([placed?.['owner'], placed?.['subject']]).toEqual([owner, owner]);
  });
});
