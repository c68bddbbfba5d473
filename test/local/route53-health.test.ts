import { describe, expect, it } from 'vitest';
import type { EndpointCheck } from '../../local/route53/checks.ts';
import {
  type CheckerState,
  checkerCount,
  disabledNotes,
  enoughHealthy,
  evaluateChecks,
  HealthBoard,
  NEW_CHECKER,
  observe,
} from '../../local/route53/health.ts';
import { readZone } from '../../local/route53/zone.ts';
import { check, EU, stack, system, US, ZONE } from './route53/templates.ts';

const HTTP = { Type: 'HTTP', FullyQualifiedDomainName: 'a.example.com', Regions: ['us-east-1', 'us-west-1', 'us-west-2'] };
const checksOf = (configs: Record<string, Record<string, unknown>>) =>
  readZone(ZONE, [stack('us-east-1', Object.fromEntries(Object.entries(configs).map(([id, config]) => [id, check(config)])))]).checks;
const calculated = (children: readonly string[], HealthThreshold: number, more: Record<string, unknown> = {}) => ({
  Type: 'CALCULATED',
  ChildHealthChecks: children.map((child) => ({ Ref: child })),
  HealthThreshold,
  ...more,
});

describe('one checker', () => {
  const run = (threshold: number, observations: string) =>
    [...observations].reduce<CheckerState>((state, each) => observe(state, each === '+', threshold), NEW_CHECKER).healthy;
  it('starts healthy', () => expect(run(3, '')).toBe(true));
  it('turns unhealthy at the threshold, not before', () => expect(['--', '---'].map((each) => run(3, each))).toEqual([true, false]));
  it('starts to count anew when one observation differs', () =>
    expect(['--+--', '--+---'].map((each) => run(3, each))).toEqual([true, false]));
  it('turns healthy again by the same count', () =>
    expect(['---++', '---+++', '---++-++', '---++-+++'].map((each) => run(3, each))).toEqual([false, true, false, true]));
  it('with threshold 1 follows each observation', () =>
    expect(['-', '-+', '-+-'].map((each) => run(1, each))).toEqual([false, true, false]));
});

describe('an endpoint', () => {
  const votes = (healthy: number, all: number) => Array.from({ length: all }, (_, index) => index < healthy);
  it.each([
    [6, 2, 1],
    [16, 3, 2],
    [10, 2, 1],
    [100, 19, 18],
  ])('with %i checkers is healthy by %i of them, not by %i', (all, enough, few) => {
    expect([enoughHealthy(votes(enough, all)), enoughHealthy(votes(few, all))]).toEqual([true, false]);
  });

  it('is healthy while the two checkers of one region out of three say so', () => {
    const { board, fail } = boardOf({ C: { ...HTTP, FailureThreshold: 1 } });
    for (const checker of [0, 1, 2, 3]) fail('C', checker, checker);
    expect(board.advance(10)).toEqual([]);
    fail('C', 4, 20);
    expect(board.advance(20)).toEqual([{ check: 'C', healthy: false }]);
  });

  it('has two checkers for each checker region, and none when disabled', () => {
    const checks = checksOf({
      Three: HTTP,
      Eight: { Type: 'HTTP', FullyQualifiedDomainName: 'a.example.com' },
      Off: { ...HTTP, Disabled: true },
    });
    expect([...checks.values()].map(checkerCount)).toEqual([6, 16, 0]);
  });
});

describe('a check', () => {
  it('that is new is healthy, and unhealthy when inverted', () => {
    const { board } = boardOf({ C: HTTP, I: { ...HTTP, Inverted: true }, D: { ...HTTP, Disabled: true } });
    expect(['C', 'I', 'D'].map((each) => board.isHealthy(each))).toEqual([true, false, true]);
  });

  it('that is inverted turns healthy when its endpoint fails, and back', () => {
    const { board, fail, pass } = boardOf({ I: { ...HTTP, Inverted: true, FailureThreshold: 1 } });
    for (const checker of [0, 1, 2, 3, 4]) fail('I', checker, 0);
    expect(board.advance(0)).toEqual([{ check: 'I', healthy: true }]);
    pass('I', 0, 1);
    expect(board.advance(1)).toEqual([{ check: 'I', healthy: false }]);
  });

  it('turns as long after its checkers as aggregation takes, and says when', () => {
    const { board, fail } = boardOf({ C: { ...HTTP, FailureThreshold: 1 } }, 7_000);
    expect([0, 1, 2, 3, 4].map((checker) => fail('C', checker, checker * 100))).toEqual([7_000, 7_100, 7_200, 7_300, 7_400]);
    expect(fail('C', 0, 500)).toBeUndefined();
    expect(board.advance(7_399)).toEqual([]);
    expect(board.advance(7_400)).toEqual([{ check: 'C', healthy: false }]);
    expect(board.advance(9_000)).toEqual([]);
  });

  it('that turned there and back while that was under way turns there and back', () => {
    const { board, fail, pass } = boardOf({ C: { ...HTTP, FailureThreshold: 1 } }, 1_000);
    for (const checker of [0, 1, 2, 3, 4]) fail('C', checker, 0);
    for (const checker of [0, 1, 2, 3, 4]) pass('C', checker, 500);
    expect([board.advance(1_000), board.advance(1_500)]).toEqual([[{ check: 'C', healthy: false }], [{ check: 'C', healthy: true }]]);
  });

  it('that is unknown, or a checker that is, is an error', () => {
    const { fail } = boardOf({ C: HTTP });
    expect(() => fail('X', 0, 0)).toThrow(/no checker 0 of a health check "X"/);
    expect(() => fail('C', 6, 0)).toThrow(/no checker 6/);
  });
});

/** AWS: a disabled check counts as healthy; whoever wants no traffic there inverts it. */
describe('a disabled check', () => {
  const OFF = { ...HTTP, Disabled: true };
  const off = calculated(['A'], 1, { Disabled: true });
  it.each([
    ['is healthy', OFF, true],
    ['is unhealthy when it is inverted too', { ...OFF, Inverted: true }, false],
    ['that is calculated is healthy', off, true],
    ['that is calculated is unhealthy when it is inverted too', { ...off, Inverted: true }, false],
  ])('%s, whatever its endpoint says', (_, config, healthy) => {
    const checks = checksOf({ C: config, A: HTTP });
    for (const endpointHealthy of [true, false]) expect(evaluateChecks(checks, () => endpointHealthy).get('C')).toBe(healthy);
    expect([...checks.values()].filter(({ logicalId }) => logicalId === 'C').map(checkerCount)).toEqual([0]);
  });

  it('moves the callers of its record at once, when it is inverted', () => {
    const { board } = boardOf({ C: { ...OFF, Inverted: true } });
    expect([board.isHealthy('C'), board.advance(1e9)]).toEqual([false, []]);
  });

  it('is told loudly, with what it does to callers', () => {
    const notes = disabledNotes(checksOf({ On: HTTP, Off: OFF, Stop: { ...OFF, Inverted: true } }));
    expect(notes).toEqual([
      expect.stringMatching(/^health check Off is disabled: it is HEALTHY whatever happens/),
      expect.stringMatching(/^health check Stop is disabled and inverted: it is UNHEALTHY whatever happens, and DNS leads nobody/),
    ]);
  });
});

describe('a calculated check', () => {
  const health = (threshold: number, healthy: readonly string[], more: Record<string, unknown> = {}) =>
    evaluateChecks(checksOf({ P: calculated(['A', 'B', 'C'], threshold, more), A: HTTP, B: HTTP, C: HTTP }), (id) =>
      healthy.includes(id),
    ).get('P');
  it('needs as many healthy children as its threshold', () =>
    expect([health(2, ['A']), health(2, ['A', 'C']), health(2, ['A', 'B', 'C'])]).toEqual([false, true, true]));
  it('with threshold 0 is always healthy', () => expect(health(0, [])).toBe(true));
  it('with a threshold above its children never is', () => expect(health(4, ['A', 'B', 'C'])).toBe(false));
  it('may be inverted, or disabled', () => {
    expect([health(2, ['A'], { Inverted: true }), health(2, ['A', 'B'], { Inverted: true })]).toEqual([true, false]);
    expect(health(3, [], { Disabled: true })).toBe(true);
  });
  it('counts disabled children as healthy and inverted ones inverted', () => {
    const checks = checksOf({ P: calculated(['Off', 'Not'], 2), Off: { ...HTTP, Disabled: true }, Not: { ...HTTP, Inverted: true } });
    expect([evaluateChecks(checks, () => false).get('P'), evaluateChecks(checks, () => true).get('P')]).toEqual([true, false]);
  });
  it('turns together with the child that turns it, and is told after it', () => {
    const { checks } = readZone(ZONE, system([EU, US], { failureThreshold: 1 }));
    const board = new HealthBoard(checks, 0);
    const endpoints = [...checks.values()].filter((each): each is EndpointCheck => each.kind === 'endpoint');
    const all = (each: EndpointCheck, passed: boolean) =>
      Array.from({ length: checkerCount(each) }, (_, checker) => board.observe(each.logicalId, checker, passed, 0));
    for (const each of endpoints.filter(({ inverted }) => inverted)) all(each, false);
    expect(board.advance(0).map(({ check: id, healthy }) => `${id} ${healthy}`)).toEqual([
      'Switcheucentral1Atuseast2 true',
      'Switchuseast2Ateucentral1 true',
      'Servingeucentral1 true',
      'Servinguseast2 true',
    ]);
  });
});

function boardOf(configs: Record<string, Record<string, unknown>>, aggregationMs = 0) {
  const board = new HealthBoard(checksOf(configs), aggregationMs);
  return {
    board,
    fail: (id: string, checker: number, nowMs: number) =>
      [1, 2, 3].map(() => board.observe(id, checker, false, nowMs)).find((due) => due !== undefined),
    pass: (id: string, checker: number, nowMs: number) =>
      [1, 2, 3].map(() => board.observe(id, checker, true, nowMs)).find((due) => due !== undefined),
  };
}
