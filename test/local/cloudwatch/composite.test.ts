import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlarmState } from '../../../functions/contract/delivery.ts';
import { childrenFirst, holds, parseRule, type Rule, RuleError } from '../../../local/cloudwatch/composite.ts';

const STATES: Readonly<Record<string, AlarmState>> = { bad: 'ALARM', good: 'OK', new: 'INSUFFICIENT_DATA' };

describe('the rule of a composite alarm', () => {
  it.each([
    ['ALARM("bad")', true],
    ['ALARM(bad)', true],
    ['ALARM("good")', false],
    ['OK("good")', true],
    ['INSUFFICIENT_DATA("new")', true],
    ['ALARM("bad") AND NOT ALARM("good")', true],
    ['NOT ALARM("bad") OR OK("good")', true],
    ['NOT (ALARM("bad") OR OK("good"))', false],
    ['TRUE OR FALSE AND FALSE', true],
    ['FALSE AND FALSE OR TRUE', true],
    ['FALSE AND NOT FALSE OR TRUE', true],
    ['(TRUE OR FALSE) AND FALSE', false],
    ['NOT FALSE AND FALSE', false],
    ['NOT NOT TRUE', true],
    ['( ALARM ( "bad" ) )', true],
    ['ALARM(bad)AND(OK(good))', true],
  ])('%s is %s', (rule, expected) => {
    expect(holds(parseRule(rule), (name) => STATES[name])).toBe(expected);
  });

  it.each([
    ['ALARM', 'given the end of the rule'],
    ['ALARM()', 'given "()"'],
    ['ALARM("a") ALARM("b")', 'given "ALARM("b")" at 10'],
    ['ALARM("a") and ALARM("b")', 'given "and ALARM("b")"'],
    ['AT_LEAST(2, ALARM, (a, b, c))', 'given "AT_LEAST'],
    ['(TRUE', 'given the end of the rule'],
    ['TRUE)', 'given ")"'],
    ['', 'given the end of the rule'],
    [`${'NOT '.repeat(201)}TRUE`, 'nested deeper than 200'],
    [`${'TRUE OR '.repeat(2_000)}TRUE`, 'supported: 10240'],
  ])('refuses %s', (rule, message) => {
    expect(() => parseRule(rule)).toThrow(RuleError);
    expect(() => parseRule(rule)).toThrow(message);
  });

  it('reads what it would be written as, whatever its shape', () => {
    fc.assert(
      fc.property(anyRule, (rule) => {
        expect(parseRule(write(rule))).toEqual(rule);
      }),
    );
  });
});

describe('composites of composites', () => {
  const ofName = (name: string, rule: string) => ({ name, rule: parseRule(rule) });

  it('come after those they ask for', () => {
    const ordered = childrenFirst([
      ofName('top', 'ALARM(middle) OR ALARM(leaf)'),
      ofName('middle', 'ALARM(low)'),
      ofName('low', 'ALARM(leaf)'),
    ]);
    expect(ordered.map(({ name }) => name)).toEqual(['low', 'middle', 'top']);
  });

  it('may not ask for themselves, round any number of corners', () => {
    expect(() => childrenFirst([ofName('a', 'ALARM(b)'), ofName('b', 'OK(c)'), ofName('c', 'NOT ALARM(a)')])).toThrow(
      'given a cycle of composite alarms: a -> b -> c -> a',
    );
    expect(() => childrenFirst([ofName('a', 'ALARM(a)')])).toThrow('a -> a');
  });
});

const { rule: anyRule } = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 5 },
    fc.record({ kind: fc.constant('constant' as const), value: fc.boolean() }),
    fc.record({
      kind: fc.constant('state' as const),
      alarm: fc.constantFrom('bad', 'arn:aws:x:1:alarm:good'),
      state: fc.constantFrom('OK', 'ALARM', 'INSUFFICIENT_DATA'),
    }),
    fc.record({ kind: fc.constant('not' as const), rule: tie('rule') }),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), left: tie('rule'), right: tie('rule') }),
  ),
}));

function write(rule: Rule): string {
  switch (rule.kind) {
    case 'constant':
      return rule.value ? 'TRUE' : 'FALSE';
    case 'state':
      return `${rule.state}("${rule.alarm}")`;
    case 'not':
      return `NOT (${write(rule.rule)})`;
    default:
      return `((${write(rule.left)}) ${rule.kind.toUpperCase()} (${write(rule.right)}))`;
  }
}
