import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Key } from '../../functions/core/store.ts';
import { keysOf, tokenOf } from '../../functions/core/token.ts';

const HASH = fc.stringMatching(/^[0-9a-f]{32}$/);
const WRITER = fc.constantFrom('eu-west-1', 'eu-west-1.10', 'a');
/** Every kind of item that carries an answer. */
const CARRIER: fc.Arbitrary<Key> = fc
  .tuple(HASH, HASH, WRITER, fc.constantFrom('PLACED', 'END', 'E#paid', 'E#cancel', 'RECEIPT', 'BOOKED', 'V'))
  .map(([id, hash, writer, kind]) => {
    switch (kind) {
      case 'PLACED':
        return { pk: `ORDER#${id}`, sk: `PLACED#${writer}` };
      case 'END':
        return { pk: `ORDER#${id}`, sk: `END#${writer}#${writer}` };
      case 'RECEIPT':
      case 'BOOKED':
        return { pk: 'STOCK#tea_1.b-C', sk: `${kind}#${hash}#${writer}` };
      case 'V':
        return { pk: `RECORD#${id}`, sk: `V#${hash}#${writer}` };
      default:
        return { pk: `ORDER#${id}`, sk: `${kind}#${hash}#${writer}` };
    }
  });
const PLACED: Key = { pk: `ORDER#${'0'.repeat(32)}`, sk: 'PLACED#eu-west-1' };
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const pair = ({ pk, sk }: Key) => [pk, sk];

describe('a token', () => {
  it('names what carries an answer, up to four items, and is read back as it was made', () => {
    fc.assert(
      fc.property(fc.array(CARRIER, { minLength: 1, maxLength: 4 }), (carriers) => {
        const token = tokenOf(carriers) ?? '';
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(keysOf(token)).toEqual(carriers);
      }),
    );
    expect([tokenOf([]), keysOf(tokenOf(Array(5).fill(PLACED)) ?? '')]).toEqual([undefined, undefined]);
  });

  it.each<[string, unknown]>([
    ['nothing', [1]],
    ['of another version', [2, pair(PLACED)]],
    ['of no version', [pair(PLACED)]],
    ['no list', { 0: 1, 1: pair(PLACED) }],
    ['with what is no pair', [1, pair(PLACED), null]],
    ['with a pair of no texts', [1, [[PLACED.pk], PLACED.sk]]],
    ['with a pair of one text', [1, [PLACED.pk, [PLACED.sk]]]],
    ['of a row that changes', [1, ['STOCK#tea', 'HELD#eu-west-1']]],
    ['of a heartbeat', [1, ['REGIONS', 'BEAT#eu-west-1']]],
    ['of a key that only holds a carrier', [1, [`${PLACED.pk}`, `x${PLACED.sk}`]]],
    ['of a key that only begins as one', [1, [PLACED.pk, `${PLACED.sk}#X`]]],
  ])('is none that names %s', (_, value) => {
    expect(keysOf(encoded(value))).toBeUndefined();
  });

  it('is none that is no JSON, and whatever callers make up breaks nobody', () => {
    expect([keysOf(''), keysOf('x'), keysOf(Buffer.from('{').toString('base64url'))]).toEqual(Array(3).fill(undefined));
    fc.assert(fc.property(fc.oneof(fc.string(), fc.jsonValue().map(encoded)), (text) => void expect(keysOf(text)).toBeUndefined()));
  });
});
