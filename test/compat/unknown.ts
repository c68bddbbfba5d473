/** Items as this release writes them, and what a later one may add to them and put beside them. */
import fc from 'fast-check';
import { grantedTo } from '../../functions/core/stock-fold.ts';
import type { Item, Value } from '../../functions/core/store.ts';
import { wishItem } from '../../functions/core/wishes.ts';

const WRITERS = ['a', 'a.2', 'b'] as const;
export const REGIONS = ['a', 'b'] as const;

const writer = fc.constantFrom(...WRITERS);
const hash = fc.constantFrom('h1', 'h2', 'h3');
const atMs = fc.integer({ min: 1_760_000_000_000, max: 1_760_000_100_000 });
const amount = fc.integer({ min: 1, max: 9 });

/** Anything that the store can hold. */
const value: fc.Arbitrary<Value> = fc.letrec<{ readonly value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ maxLength: 5 }),
    fc.maxSafeInteger(),
    // Beyond the dates that there are.
    fc.constant(Number.MAX_SAFE_INTEGER),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('sku', 'quantity', 'deep'), tie('value'), { maxKeys: 2 }),
  ),
})).value;

/** Names that no reader asks for. */
const attributes = fc.dictionary(fc.constantFrom('currency', 'gift', 'until', 'channel', 'rev2', '#'), value, { maxKeys: 3 });

/** The same items as a later release would write them: of a higher version, and with attributes of its own. */
export const extended = (items: readonly Item[]): fc.Arbitrary<readonly Item[]> =>
  fc.tuple(
    ...items.map((item) => fc.record({ more: attributes, v: fc.constantFrom(1, 2, 99) }).map(({ more, v }) => ({ ...item, ...more, v }))),
  );

/** Rows of types that no reader knows, some of which look like one that is known. */
export const strangers = (pk: string): fc.Arbitrary<readonly Item[]> => {
  const type = fc.constantFrom(
    'NOTED',
    'E#gift',
    'E#refund',
    'PLACED2',
    'ENDED',
    'HELDBACK',
    'VIEW',
    'HEADING',
    'WISHES',
    'BEATS',
    'SWITCHED',
    'e#paid',
    'ADD',
    'X',
  );
  // They may carry attributes of known names.
  const known = fc.dictionary(
    fc.constantFrom('subject', 'lines', 'body', 'placedAt', 'at', 'kind', 'amount', 'available', 'owner', 'listed', 'quantity', 'evacuate'),
    value,
  );
  const row = fc.record({ type, hash, writer, known, more: attributes }).map((given): Item => {
    return { ...given.more, ...given.known, pk, sk: `${given.type}#${given.hash}#${given.writer}`, v: 2 };
  });
  return fc.uniqueArray(row, { maxLength: 5, selector: ({ sk }) => sk });
};

const byKey = (rows: fc.Arbitrary<Item>, maxLength: number): fc.Arbitrary<readonly Item[]> =>
  fc.uniqueArray(rows, { minLength: 1, maxLength, selector: ({ sk }) => sk });

const content = fc.record({
  subject: fc.constant('ann'),
  lines: fc.array(fc.record({ sku: fc.constantFrom('tea', 'cup'), quantity: amount }), { minLength: 1, maxLength: 2 }),
  body: fc.constantFrom('b1', 'b2'),
  placedAt: atMs,
});

const ORDER = 'ORDER#o';
/** What each writer accepted: its PLACED and every END of it carry the same. */
const contents = fc.record({ a: content, 'a.2': content, b: content });
type Contents = Readonly<Record<(typeof WRITERS)[number], Readonly<Record<string, Value>>>>;
const placed = (given: Contents) => writer.map((by): Item => ({ pk: ORDER, sk: `PLACED#${by}`, v: 1, ...given[by] }));
const end = (given: Contents) =>
  fc
    .record({ placedBy: writer, by: writer, kind: fc.constantFrom('shipped', 'cancelled', 'superseded'), at: atMs })
    .map(({ placedBy, by, kind, at }): Item => ({ pk: ORDER, sk: `END#${placedBy}#${by}`, v: 1, ...given[placedBy], kind, at }));
const event = fc
  .record({ type: fc.constantFrom('paid', 'cancel'), hash, writer, amount, at: atMs })
  .map((given): Item => ({ pk: ORDER, sk: `E#${given.type}#${given.hash}#${given.writer}`, v: 1, amount: given.amount, at: given.at }));
export const orders = contents.chain((given) => byKey(fc.oneof(placed(given), end(given), event), 8));

const vid = fc.constantFrom('0', '1', '2', '3');
/** A version has one content, whoever wrote it; it was made from versions before it. */
const version = fc.record({ vid, by: writer, at: atMs }).map((given): Item => {
  const parents = Array.from({ length: Number(given.vid) }, (_, n) => `${n}`).filter(
    (each) => (Number(given.vid) - Number(each)) % 2 === 1,
  );
  const content = { parents, value: `{"n":${given.vid}}`, subject: 'ann', hlc: `${given.at}-00000`, at: given.at };
  return { pk: 'RECORD#r', sk: `V#${given.vid}#${given.by}`, v: 1, ...content };
});
const head = fc
  .record({ by: writer, rev: amount, vid })
  .map((given): Item => ({ pk: 'RECORD#r', sk: `HEAD#${given.by}`, v: 1, rev: given.rev, vid: given.vid }));
export const records = byKey(fc.oneof({ weight: 3, arbitrary: version }, head), 8);

const held = fc
  .record({ writer, available: fc.integer({ min: 0, max: 9 }), sold: amount, to: fc.constantFrom(...REGIONS), granted: amount })
  .map((given): Item => {
    const { available, sold, granted } = given;
    return { pk: 'STOCK#tea', sk: `HELD#${given.writer}`, v: 1, rev: 1, available, sold, [grantedTo(given.to)]: granted };
  });
/** When the wishes of these items count. */
export const WISHED_MS = 1_760_000_000_000;
const wish = fc
  .record({ writer, units: fc.integer({ min: 0, max: 9 }), agoMs: fc.constantFrom(0, 20_000, 3_600_000) })
  .map((given): Item => wishItem('tea', given.writer, given.units, WISHED_MS - given.agoMs));
export const stock = byKey(fc.oneof(held, wish), 6);

const beat = fc.record({ writer, at: atMs, verdict: fc.constantFrom('pass', 'fail') }).map((given): Item => {
  return {
    pk: 'REGIONS',
    sk: `BEAT#${given.writer}`,
    v: 1,
    rev: 3,
    at: given.at,
    version: '1+1',
    verdict: given.verdict,
    incarnations: { a: 2 },
  };
});
const word = fc
  .record({ about: fc.constantFrom(...REGIONS), writer, at: atMs, evacuate: fc.boolean(), phase: fc.constantFrom('FENCED', 'SERVES') })
  .chain((given) =>
    fc.constantFrom<Item>(
      { pk: 'REGIONS', sk: `SWITCH#${given.about}#${given.writer}`, v: 1, evacuate: given.evacuate, at: given.at },
      { pk: 'REGIONS', sk: `${given.phase}#${given.about}#2#${given.writer}`, v: 1, at: given.at },
    ),
  );
export const regions = byKey(fc.oneof(beat, word), 6);

const key = fc.constantFrom<Item>(
  {
    pk: 'KEY#k',
    sk: 'ADDED#a',
    v: 1,
    publicJwk: '{}',
    algorithm: 'ES256',
    issuer: 'i',
    audience: 'u',
    scopes: ['orders:read'],
    subjects: ['*'],
    expiresAt: 1_760_000_000_000,
  },
  { pk: 'KEY#k', sk: 'REMOVED#b', v: 1, at: 1 },
);
export const keys = byKey(key, 2);

/** Items of known types with anything in them. */
export const damaged: fc.Arbitrary<readonly Item[]> = fc.array(
  fc
    .record({
      sk: fc.constantFrom(
        'PLACED#a',
        'PLACED#b',
        'END#a#a',
        'END#a#a.2',
        'E#paid#h#a',
        'E#cancel#h#b',
        'HELD#a',
        'V#0#a',
        'V#1#b',
        'V',
        'WISH#176000000#2#b',
        'WISH#x#-1#b',
        'BEAT#a',
        'SWITCH#a#b',
        'ADDED#a',
        '',
        '#',
        'END',
      ),
      content: fc.dictionary(
        fc.constantFrom(
          'subject',
          'lines',
          'body',
          'placedAt',
          'at',
          'kind',
          'amount',
          'available',
          'sold',
          'quantity',
          'note',
          'carrier',
          'granted_b',
          'incarnations',
          'scopes',
          'evacuate',
          'listed',
          'parents',
          'value',
          'hlc',
        ),
        value,
      ),
      base: fc.constantFrom<Readonly<Record<string, Value>>>(
        {},
        { subject: 'ann', lines: [], body: 'b', placedAt: 1, at: 1, kind: 'shipped', amount: 1, value: '{', hlc: '' },
        {
          subject: 'ann',
          lines: [],
          body: 'b',
          placedAt: Number.MAX_SAFE_INTEGER,
          at: Number.MAX_SAFE_INTEGER,
          kind: 'shipped',
          amount: 1,
        },
      ),
    })
    .map(({ sk, content: given, base }): Item => ({ ...base, ...given, pk: 'ORDER#o', sk, v: 1 })),
  { maxLength: 6 },
);
