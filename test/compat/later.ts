/**
 * What the next release may write, as far as this one must bear it: docs/evolution.md. Everything that is written differs
 * from what this release writes, and nothing that this release reads means anything else.
 */
import type { Item, Key, Value, Write } from '../../functions/core/store.ts';

const VERSION = 2;
/** Attributes of every kind of value, on every item. */
const ATTRIBUTES = {
  laterText: 'gift',
  laterNumber: 7,
  laterFlag: true,
  laterNothing: null,
  laterList: ['gift', { deep: [1] }],
  laterMap: { gift: { wrapped: true } },
} as const satisfies Readonly<Record<string, Value>>;

/** What the next release writes where this one would make `writes`: all of them, in their order, and some beside. */
export const later = (writes: readonly Write[]): readonly Write[] => [...writes.map(evolved), ...writes.flatMap(beside)];

/** The same content in the words of the next release's answers. */
export const laterBody = (body: string): string => JSON.stringify({ ...JSON.parse(body), later: { gift: [{ wrapped: true }] } });

/** Attributes of an item that only the next release writes. */
export const laterPart = (item: Item): Readonly<Record<string, Value | undefined>> =>
  Object.fromEntries(Object.entries(item).filter(([name]) => name.startsWith('later')));

/** Rows of types that this release does not know. */
export const isLaterType = ({ sk }: Key): boolean => /^(NOTED|E#gift|SEEN|MOOD)#/.test(sk);

const evolved = (write: Write): Write => {
  switch (write.action) {
    case 'put':
      return { ...write, item: { ...write.item, ...ATTRIBUTES, v: VERSION, ...lines(write.item) } };
    case 'update':
      return { ...write, set: { ...write.set, ...ATTRIBUTES, v: VERSION }, add: { ...write.add, laterCount: 1 } };
    case 'check':
    case 'delete':
      return write;
  }
};

/** Inside a list that this release reads. */
const lines = ({ lines: given }: Item): Readonly<Record<string, Value>> =>
  Array.isArray(given) ? { lines: given.map((line: Value) => (typeof line === 'object' ? { ...line, laterGift: true } : line)) } : {};

/** Facts and rows of new types, in the transactions that this release would make. */
const beside = (write: Write): readonly Write[] => {
  const { pk, sk } = write.action === 'put' ? write.item : write.key;
  const [type, kind, hash] = sk.split('#');
  const writer = sk.split('#').at(-1) ?? '';
  if (write.action === 'put' && type === 'PLACED') return [fact({ pk, sk: `NOTED#${kind}#${writer}` })];
  if (write.action === 'put' && type === 'E' && kind === 'paid') return [fact({ pk, sk: `E#gift#${hash}#${writer}` })];
  if (write.action === 'update' && type === 'HELD') return [row({ pk, sk: `SEEN#${writer}` })];
  if (write.action === 'update' && type === 'BEAT') return [row({ pk, sk: `MOOD#${writer}` })];
  return [];
};

const fact = (key: Key): Write => ({ action: 'put', item: { ...key, v: VERSION, ...ATTRIBUTES, amount: 1_000, at: 1, kind: 'shipped' } });
const row = (key: Key): Write => ({ action: 'update', key, set: { v: VERSION, ...ATTRIBUTES }, add: { laterCount: 1 } });
