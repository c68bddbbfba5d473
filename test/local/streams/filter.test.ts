import { describe, expect, it } from 'vitest';
import { type Filtered, filterCriteria, passes } from '../../../local/streams/filter.ts';

const patternsOf = (...patterns: readonly object[]) =>
  filterCriteria.parse({ Filters: patterns.map((each) => ({ Pattern: JSON.stringify(each) })) }).Filters.map(({ Pattern }) => Pattern);
const record = (eventName: string, pk: string, sk = 'S'): Filtered => ({ eventName, dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } });
const keys = (Keys: object) => ({ dynamodb: { Keys } });

describe('the filters of a mapping', () => {
  it.each<[string, readonly object[], Filtered, boolean]>([
    ['none at all', [], record('REMOVE', 'A'), true],
    ['an event that is named', [{ eventName: ['INSERT', 'MODIFY'] }], record('MODIFY', 'A'), true],
    ['an event that is not', [{ eventName: ['INSERT', 'MODIFY'] }], record('REMOVE', 'A'), false],
    ['a key that is a value', [keys({ pk: { S: ['A', 'B'] } })], record('INSERT', 'B'), true],
    ['a key that begins with a value', [keys({ pk: { S: ['A'] } })], record('INSERT', 'AB'), false],
    ['a key of another case', [keys({ pk: { S: ['A', { prefix: 'A' }] } })], record('INSERT', 'ab'), false],
    ['a key that begins with a prefix', [keys({ pk: { S: [{ prefix: 'X' }, { prefix: 'A#' }] } })], record('INSERT', 'A#1'), true],
    ['a key that is the prefix', [keys({ pk: { S: [{ prefix: 'A#' }] } })], record('INSERT', 'A#'), true],
    ['a key that has the prefix within', [keys({ pk: { S: [{ prefix: 'A#' }] } })], record('INSERT', 'BA#'), false],
    ['two keys that fit', [keys({ pk: { S: ['A'] }, sk: { S: ['S'] } })], record('INSERT', 'A'), true],
    ['two keys of which one fits', [keys({ pk: { S: ['A'] }, sk: { S: ['T'] } })], record('INSERT', 'A'), false],
    ['a key that fits, of another event', [{ eventName: ['INSERT'], ...keys({ pk: { S: ['A'] } }) }], record('MODIFY', 'A'), false],
    ['a key that the table does not have', [keys({ id: { S: [{ prefix: 'A' }] } })], record('INSERT', 'A'), false],
    ['a record without keys', [keys({ pk: { S: ['A'] } })], { eventName: 'INSERT' }, false],
    ['what the second filter lets through', [{ eventName: ['REMOVE'] }, keys({ pk: { S: ['A'] } })], record('INSERT', 'A'), true],
    ['what no filter lets through', [{ eventName: ['REMOVE'] }, keys({ pk: { S: ['A'] } })], record('INSERT', 'B'), false],
  ])('decide as AWS documents about %s', (_, patterns, given, expected) => {
    expect(passes(patternsOf(...patterns), given)).toBe(expected);
  });
});
