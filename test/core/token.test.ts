import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstSecret, Secret, Secrets } from '../../functions/core/secrets.ts';
import type { Item, Key } from '../../functions/core/store.ts';
import { judge, namedIn, sealed, tokenOf } from '../../functions/core/token.ts';

const HASH = fc.stringMatching(/^[0-9a-f]{32}$/);
const WRITER = fc.constantFrom('eu-west-1', 'eu-west-1.10', 'a');
/** Every kind of item that carries an answer, and kinds that only a later release has. */
const CARRIER: fc.Arbitrary<Key> = fc
  .tuple(HASH, HASH, WRITER, fc.constantFrom('PLACED', 'END', 'E#paid', 'E#cancel', 'E#gift', 'RECEIPT', 'BOOKED', 'COUNTED', 'V', 'NOTE'))
  .map(([id, hash, writer, kind]) => {
    switch (kind) {
      case 'PLACED':
        return { pk: `ORDER#${id}`, sk: `PLACED#${writer}` };
      case 'END':
        return { pk: `ORDER#${id}`, sk: `END#${writer}#${writer}` };
      case 'RECEIPT':
      case 'BOOKED':
      case 'COUNTED':
        return { pk: 'STOCK#tea_1.b-C', sk: `${kind}#${hash}#${writer}` };
      case 'V':
      case 'NOTE':
        return { pk: `RECORD#${id}`, sk: `${kind}#${hash}#${writer}` };
      default:
        return { pk: `ORDER#${id}`, sk: `${kind}#${hash}#${writer}` };
    }
  });
const CARRIERS = fc.array(CARRIER, { minLength: 1, maxLength: 4 });
const SUBJECT = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('ann', 'bob', 'https://issuer|ann'));

const PLACED: Key = { pk: `ORDER#${'0'.repeat(32)}`, sk: 'PLACED#eu-west-1' };
const [OURS, THEIRS] = ['ours', 'theirs'].map((text) => firstSecret('eu-west-1', text, 1));
const known = new Secrets(OURS ? [OURS] : []);
const secretOf = (item: Item | undefined): Secret => new Secret(String(item?.['secret']));
const [ours, theirs] = [secretOf(OURS), secretOf(THEIRS)];
const pairs = [[PLACED.pk, PLACED.sk]];
const tokenFor = (keys: readonly Key[], subject = 'ann', secret = ours): string => tokenOf(keys, subject, secret) ?? '';

describe('a token', () => {
  it('names what carries an answer to whom it was told, kinds of later releases among it, and reads the same in every region', () => {
    fc.assert(
      fc.property(CARRIERS, SUBJECT, (carriers, subject) => {
        const token = tokenFor(carriers, subject);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(judge(token, subject, known)).toEqual({ kind: 'right', keys: carriers });
        expect([namedIn(token), tokenFor(carriers, subject)]).toEqual([carriers, token]);
      }),
    );
    expect([tokenOf([], 'ann', ours), judge(tokenFor([PLACED]), 'ann', known)]).toEqual([undefined, { kind: 'right', keys: [PLACED] }]);
  });

  it('is wrong from anybody else, and with any other character', () => {
    fc.assert(
      fc.property(CARRIERS, SUBJECT, SUBJECT, fc.nat(), fc.constantFrom('A', 'b', '0', '_'), (carriers, subject, other, at, letter) => {
        const token = tokenFor(carriers, subject);
        if (other !== subject) expect(judge(token, other, known)).toEqual({ kind: 'wrong' });
        const index = at % token.length;
        const altered = `${token.slice(0, index)}${letter}${token.slice(index + 1)}`;
        if (altered !== token) expect(judge(altered, subject, known)).toEqual({ kind: 'wrong' });
        expect(judge(token.slice(0, index), subject, known)).toEqual({ kind: 'wrong' });
      }),
    );
  });

  it.each<[string, string]>([
    ['as other projects sign', Buffer.from(JSON.stringify([1, ...pairs])).toString('base64url')],
    ['with a MAC that somebody guessed', sealed([1, ours.id, pairs, 'A'.repeat(22)])],
    ['with no MAC to speak of', sealed([1, ours.id, pairs, ''])],
    ['with the MAC of other keys', sealed([1, ours.id, pairs, ours.macOf(1, 'ann', [['ORDER#1', 'PLACED#a']])])],
    ['with another secret than it says', sealed([1, ours.id, pairs, theirs.macOf(1, 'ann', pairs)])],
    ['of nothing', ''],
    ['of noise', 'x'],
  ])('made by hand is wrong: %s', (_, token) => {
    expect(judge(token, 'ann', known)).toEqual({ kind: 'wrong' });
  });

  it.each<[string, string]>([
    ['of a secret that has not arrived', tokenFor([PLACED], 'ann', theirs)],
    ['of another form', sealed([2, ours.id, { carts: pairs }, 'x'])],
    ['of a form without a number', sealed([])],
    ['of more items than this release tells', tokenFor(Array<Key>(5).fill(PLACED))],
    ['with keys in three parts', sealed([1, ours.id, [[PLACED.pk, PLACED.sk, 'more']], 'x'])],
    ['with keys that are no texts', sealed([1, ours.id, [[1, null]], 'x'])],
  ])('that cannot be judged is unknown, and names nothing: %s', (_, token) => {
    expect(judge(token, 'ann', known)).toEqual({ kind: 'unknown' });
  });

  it('breaks nobody, whatever callers make up', () => {
    const nested = '['.repeat(20_000) + ']'.repeat(20_000);
    const deep = sealed([1, ours.id, JSON.parse(nested.slice(18_000, 22_000)), 'x']);
    for (const token of [deep, sealed(JSON.parse(nested.slice(18_000, 22_000)))]) expect(judge(token, 'ann', known).kind).not.toBe('right');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.jsonValue()).map(sealed)), (text) => {
        expect(judge(text, 'ann', known).kind).not.toBe('right');
        expect(namedIn(text)).toBeUndefined();
      }),
    );
  });
});

describe('the secrets of the regions', () => {
  const numbered = (number: number, writer: string): Item => ({
    ...firstSecret(writer, `${writer} ${number}`, 1),
    sk: `SECRET#${number}#${writer}`,
  });

  it('are of each writer: its newest one signs, and what an older one signed counts on', () => {
    const secrets = new Secrets([numbered(10, 'a'), numbered(9, 'a'), numbered(1, 'a.2'), numbered(1, 'b')]);
    expect(['a', 'a.2', 'b', 'c'].map((writer) => secrets.of(writer)?.id)).toEqual([
      secretOf(numbered(10, 'a')).id,
      secretOf(numbered(1, 'a.2')).id,
      secretOf(numbered(1, 'b')).id,
      undefined,
    ]);
    for (const item of [numbered(9, 'a'), numbered(1, 'a.2')])
      expect(judge(tokenFor([PLACED], 'ann', secretOf(item)), 'ann', secrets).kind).toBe('right');
  });

  it('pass over what is damaged and what is none', () => {
    const beat: Item = { pk: 'REGIONS', sk: 'BEAT#a', v: 1, at: 1, secret: 'x' };
    const secrets = new Secrets([beat, { ...numbered(1, 'a'), secret: 7 }, { ...numbered(2, 'a'), secret: '' }]);
    expect([secrets.of('a'), secrets.byId(new Secret('').id), secrets.byId(undefined)]).toEqual([undefined, undefined, undefined]);
  });

  it('show their text to nobody who looks at them', () => {
    const secrets = new Secrets([firstSecret('a', 'do not tell', 1)]);
    const shown = [secrets, secrets.of('a')].flatMap((each) => [
      JSON.stringify(each),
      inspect(each, { depth: null, showHidden: true }),
      String(each),
    ]);
    for (const text of [...shown, tokenFor([PLACED], 'ann', secrets.of('a'))]) expect(text).not.toContain('do not tell');
  });
});
