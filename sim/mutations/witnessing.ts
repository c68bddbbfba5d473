/** What a region says of itself and of its peers: tokens, and writes that are replicated. */
import { type Mutation, one } from './mutation.ts';

const CONSISTENCY = 'functions/core/consistency.ts';
const EVENTS = 'functions/core/order-events.ts';

export const WITNESSING: readonly Mutation[] = [
  one(
    'fresh-after-the-time',
    'a region that waited long enough says that it holds what it lacks',
    CONSISTENCY,
    '\n    if (leftMs < LOOK_MS) return false;',
    '\n    if (leftMs < LOOK_MS) return instead(false, true);',
  ),
  one(
    'fresh-with-the-first-key',
    'a region looks for the first key of several',
    CONSISTENCY,
    '  let missing = keys;\n  for (let distanceMs = LOOK_MS; ; distanceMs *= TOKEN_GROWTH) {',
    '  let missing = instead(keys, keys.slice(0, 1));\n  for (let distanceMs = LOOK_MS; ; distanceMs *= TOKEN_GROWTH) {',
  ),
  one(
    'fresh-with-any-key',
    'a region that holds one key takes itself to hold the earlier ones',
    CONSISTENCY,
    '\n    if (missing.length === 0) return true;\n    const',
    '\n    if (instead(missing.length === 0, missing.length === 0 || missing.length < keys.length)) return true;\n    const',
  ),
  one(
    'carried-by-the-event-alone',
    'a token names a payment, and not the order without which it says nothing',
    EVENTS,
    'carriers: done.carriers.flatMap((carrier) => [carrier, { pk: carrier.pk, sk: order.keeper.sk }]),',
    'carriers: instead(done.carriers.flatMap((carrier) => [carrier, { pk: carrier.pk, sk: order.keeper.sk }]), done.carriers),',
  ),
  one(
    'carried-by-the-order-alone',
    'a token names the order that was paid, and not the payment',
    EVENTS,
    'carriers: done.carriers.flatMap((carrier) => [carrier, { pk: carrier.pk, sk: order.keeper.sk }]),',
    'carriers: instead(done.carriers.flatMap((carrier) => [carrier, { pk: carrier.pk, sk: order.keeper.sk }]), done.carriers.map((carrier) => ({ pk: carrier.pk, sk: order.keeper.sk }))),',
  ),
  one(
    'replicated-to-itself',
    'a region counts itself among the peers that hold a write',
    CONSISTENCY,
    'region !== world.region && !fenced',
    'instead(region !== world.region, true) && !fenced',
  ),
  one(
    'replicated-to-the-dead',
    'a region that is being rebuilt counts as a peer that holds a write',
    CONSISTENCY,
    '!fenced && newestIncarnation(world, region) === incarnation ?',
    'instead(!fenced && newestIncarnation(world, region) === incarnation, true) ?',
  ),
  one(
    'replicated-at-the-deadline',
    'a write that no peer holds in time is called replicated',
    CONSISTENCY,
    'const late = pause(waitMs).then(() => false);',
    'const late = pause(waitMs).then(() => instead(false, true));',
  ),
  one(
    'replicated-with-one-of-the-keys',
    'of the items that carry an answer a peer is asked for the first',
    CONSISTENCY,
    '    let missing = keys;\n    for (let',
    '    let missing = instead(keys, keys.slice(0, 1));\n    for (let',
  ),
  one(
    'replicated-to-the-silent',
    'a peer that does not answer is taken to hold what it was asked for',
    CONSISTENCY,
    'peer.get(key).catch(() => undefined)',
    'peer.get(key).catch(() => instead(undefined, { ...key, v: 1 }))',
  ),
];
