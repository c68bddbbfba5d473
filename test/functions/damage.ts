/** Items as no release writes them: what a script beside the API, a bad restore or a fault of the table may leave. */
import * as fc from 'fast-check';
import type { Item, Value } from '../../functions/core/store.ts';

export interface Damage {
  readonly item: Item;
  /** Where and what, to be read in a failure. */
  readonly what: string;
}

/** In the place of anything. `GONE`: the attribute is not there. */
const GONE = Symbol('gone');
const VALUES: readonly (Value | typeof GONE)[] = [
  GONE,
  null,
  '',
  'many',
  'NaN',
  '1e999',
  '\u0000',
  true,
  0,
  -1,
  -7,
  0.5,
  1e300,
  -1e300,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  [],
  [null, [1], { a: 'b' }],
  ['x', 'x'],
  {},
  { __proto__: 'x', constructor: 1, '': null, '#': [] },
  { sku: 1, quantity: 'x' },
];

/** Attributes that nobody knows, and names that are read by their beginning. */
const ODD_NAMES = [
  '',
  '#',
  'a.b',
  '__proto__',
  'constructor',
  'granted_',
  'credited_',
  'granted_eu-central-1',
  'credited_us-east-2',
  'expires',
];

const within = (value: Value, replace: (each: Value) => Value | typeof GONE): readonly Value[] => {
  if (Array.isArray(value)) return value.map((each, index) => value.flatMap((other, at) => (at === index ? kept(replace(each)) : [other])));
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  return entries.map(([name, each]) =>
    Object.fromEntries(
      entries.flatMap(([other, old]) => (other === name ? kept(replace(each)).map((now) => [other, now]) : [[other, old]])),
    ),
  );
};
const kept = (value: Value | typeof GONE): readonly Value[] => (value === GONE ? [] : [value]);

/** One attribute of one item, or something in it, or one too many. The table itself keeps keys, and the index's attributes, text. */
export const damages = (items: readonly Item[]): fc.Arbitrary<Damage> =>
  fc.tuple(fc.constantFrom(...items), fc.constantFrom(...VALUES), fc.nat(), fc.boolean()).map(([item, value, pick, isDeep]) => {
    const names = [...Object.keys(item).filter((name) => !['pk', 'sk', 'owner', 'listed'].includes(name)), ...ODD_NAMES];
    const name = names[pick % names.length] ?? 'v';
    const present = item[name];
    const deep = isDeep && present !== undefined ? within(present, (each) => within(each, () => value)[0] ?? value) : [];
    const now = deep[pick % deep.length] ?? value;
    const what = `${item.pk} ${item.sk}: ${name} is ${now === GONE ? 'gone' : JSON.stringify(now)}`;
    const others = Object.fromEntries(Object.entries(item).filter(([other]) => other !== name));
    return { item: readAs(item, now === GONE ? others : Object.fromEntries([...Object.entries(others), [name, now]])), what };
  });

/** The store's adapter reads a version that is no number as 0. */
const readAs = ({ pk, sk }: Item, { v, ...others }: { readonly [name: string]: Value | undefined }): Item => ({
  ...others,
  pk,
  sk,
  v: typeof v === 'number' ? v : 0,
});
