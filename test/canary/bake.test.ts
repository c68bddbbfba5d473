import { describe, expect, it } from 'vitest';
import { type BakeProps, decideBake } from '../../functions/canary/bake.ts';
import { type BakesProps, tendBakes } from '../../functions/canary/bakes.ts';
import type { JourneyResult, Step } from '../../functions/canary/journey.ts';
import { DeploymentRecords } from '../../functions/canary/records.ts';
import type { Watched } from '../../functions/canary/watch.ts';
import type { AlarmState } from '../../functions/contract/delivery.ts';
import { auditKey, foldAudit } from '../../functions/core/deployments.ts';
import { MemoryStore } from '../../functions/core/memory-store.ts';
import { foldControl } from '../../functions/core/operations.ts';
import { TestClock } from './lane.ts';

const MINUTE_MS = 60_000;
const WELL: JourneyResult = { ok: true, region: 'a', times: [], memoryMb: [] };
const failedAt = (step: Step): JourneyResult => ({
  ok: false,
  failure: { step, kind: 'status', status: 500, detail: 'answered 500' },
  times: [],
  memoryMb: [],
});
const alarms = (state: AlarmState) => ({ kind: 'read', states: [{ name: 'errors', state }] }) as const;

describe('a bake', () => {
  const decide = (given: Partial<BakeProps> & { readonly minute: number }) =>
    decideBake({
      bake: { atMs: 0, untilMs: 10 * MINUTE_MS },
      nowMs: given.minute * MINUTE_MS,
      own: { kind: 'made', result: WELL },
      others: [],
      alarms: alarms('OK'),
      ignoreAlarms: false,
      ...given,
    });

  it('goes on until its time is over, and then ends well', () => {
    expect(decide({ minute: 9 })).toEqual({ kind: 'go-on' });
    expect(decide({ minute: 10 })).toEqual({
      kind: 'end',
      verdict: 'pass',
      detail: 'every journey of 10 minutes ended well, no alarm fired',
    });
    expect(decide({ minute: 10, alarms: alarms('INSUFFICIENT_DATA') })).toMatchObject({ verdict: 'pass' });
  });

  it('fails at once with the journey', () => {
    const own = { kind: 'made', result: failedAt('pay') } as const;
    expect(decide({ minute: 1, own })).toEqual({
      kind: 'end',
      verdict: 'fail',
      detail: 'two journeys in a row failed at "pay": answered 500',
    });
    expect(
      decide({
        minute: 1,
        own,
        others: [
          { region: 'b', result: WELL },
          { region: 'c', result: failedAt('list') },
        ],
      }),
    ).toMatchObject({ verdict: 'fail' });
  });

  it('blames no version where another region, in which it does not bake, fails at the same step', () => {
    const decision = decide({
      minute: 1,
      own: { kind: 'made', result: failedAt('pay') },
      others: [{ region: 'b', result: failedAt('pay') }],
    });
    expect(decision).toMatchObject({
      verdict: 'dependency',
      detail: expect.stringContaining('journeys to b, where this version does not bake, fail at the same step'),
    });
  });

  it('goes on when only other regions fail', () =>
    expect(decide({ minute: 1, others: [{ region: 'b', result: failedAt('place') }] })).toEqual({ kind: 'go-on' }));

  it('fails with an alarm, unless the deployment goes on although alarms fire', () => {
    expect(decide({ minute: 1, alarms: alarms('ALARM') })).toEqual({ kind: 'end', verdict: 'fail', detail: 'alarms fire: errors' });
    expect(decide({ minute: 1, alarms: alarms('ALARM'), ignoreAlarms: true })).toEqual({ kind: 'go-on' });
    expect(decide({ minute: 10, alarms: { kind: 'unknown', detail: 'x' }, ignoreAlarms: true })).toMatchObject({ verdict: 'pass' });
  });

  it.each([
    ['the canary reaches nothing', { own: { kind: 'blind', detail: 'no route' } }],
    ['the alarms cannot be read', { alarms: { kind: 'unknown', detail: 'throttled' } }],
  ] as const)('does not end well in a minute in which %s, and fails before CodeDeploy gives up', (_what, unknown) => {
    expect(decide({ minute: 10, ...unknown })).toEqual({ kind: 'go-on' });
    expect(decide({ minute: 54, ...unknown })).toEqual({ kind: 'go-on' });
    expect(decide({ minute: 55, ...unknown })).toMatchObject({ verdict: 'fail', detail: expect.stringContaining(_what) });
    expect(decide({ minute: 1, own: { kind: 'blind', detail: 'x' }, alarms: alarms('ALARM') })).toMatchObject({ verdict: 'fail' });
  });

  it('is limited to its alarms in a region that may not take writes', () => {
    const own = { kind: 'limited', detail: 'a is being rebuilt' } as const;
    expect(decide({ minute: 9, own })).toEqual({ kind: 'go-on' });
    expect(decide({ minute: 10, own })).toMatchObject({ verdict: 'limited' });
    expect(decide({ minute: 9, own, alarms: alarms('ALARM') })).toMatchObject({ verdict: 'fail' });
  });
});

describe('tending bakes', () => {
  it('leaves one alone that goes on, and tells the end once it is recorded', async () => {
    const { minute, records } = await begun();
    expect(await minute({})).toEqual([]);
    expect(await minute({ passed: 10 })).toEqual([['d-1', 'execution-1', 'succeeded']]);
    expect((await records.find('d-1'))?.bake?.ended).toMatchObject({ verdict: 'pass' });
  });

  it('makes one more journey before a failed one counts', async () => {
    const { minute, records, audit } = await begun();
    expect(await minute({ own: failedAt('pay'), again: WELL })).toEqual([]);
    expect(await minute({ own: failedAt('pay'), again: failedAt('pay') })).toEqual([['d-1', 'execution-1', 'failed']]);
    expect((await records.find('d-1'))?.bake?.ended).toMatchObject({
      verdict: 'fail',
      detail: 'two journeys in a row failed at "pay": answered 500',
    });
    expect(await audit()).toMatchObject([
      { who: 'canary', what: 'ended the bake of version 8, deployment d-1', why: expect.stringContaining('fail: two journeys') },
    ]);
  });

  it('tells again what was recorded and not told, with the recorded verdict, until CodeDeploy is told or gone', async () => {
    const { minute, records } = await begun();
    await records.baked('d-1', { verdict: 'fail', detail: 'recorded, and then the canary died' });
    expect(await minute({})).toEqual([['d-1', 'execution-1', 'failed']]);
    expect(await minute({})).toEqual([['d-1', 'execution-1', 'failed']]);
    expect(await minute({ passed: 70 })).toEqual([]);
  });

  it('tells again when telling failed', async () => {
    const { minute } = await begun();
    await expect(minute({ own: failedAt('pay'), deaf: true })).rejects.toThrow('codedeploy');
    expect(await minute({})).toEqual([['d-1', 'execution-1', 'failed']]);
  });

  it('tells what another canary recorded first', async () => {
    const { minute, records, control, about } = await begun();
    // The other one records between this one's look and its decision.
    const query = async (pk: string, prefix?: string) => {
      const items = await control.query(pk, prefix);
      await records.baked('d-1', { verdict: 'fail', detail: 'the other saw it first' });
      return items;
    };
    const racing = new DeploymentRecords({ ...about, control: { query, transact: control.transact.bind(control) } });
    expect(await minute({ passed: 10, records: racing })).toEqual([['d-1', 'execution-1', 'failed']]);
  });

  it('leaves a deployment alone that has ended', async () => {
    const { minute, records } = await begun();
    await records.ended('d-1', { state: 'stopped', reason: 'by hand' });
    expect(await minute({ own: failedAt('pay') })).toEqual([]);
  });

  it('reads no alarm and makes no journey while nothing is baked', async () => {
    const { minute, records } = await begun();
    await records.ended('d-1', { state: 'succeeded', reason: '' });
    expect(await minute({ silent: true })).toEqual([]);
  });
});

interface Minute {
  readonly own?: JourneyResult;
  readonly again?: JourneyResult;
  /** Minutes that have passed before this one. */
  readonly passed?: number;
  readonly deaf?: boolean;
  readonly silent?: boolean;
  readonly records?: DeploymentRecords;
}

/** A bake of ten minutes that has just begun. */
const begun = async () => {
  const control = new MemoryStore();
  const clock = new TestClock();
  const about = { region: 'a', writer: 'a', clock };
  const records = new DeploymentRecords({ ...about, control });
  await records.baking('d-1', { execution: 'execution-1', candidate: '8', bakeMs: 10 * MINUTE_MS });
  /** What is told in a minute. */
  const minute = async ({ own = WELL, again = own, passed = 0, deaf = false, silent = false, records: given = records }: Minute) => {
    clock.nowMs += passed * MINUTE_MS;
    const told: (readonly [string, string, string])[] = [];
    const target = { kind: 'region', name: 'a', region: 'a', regions: ['a'], url: 'https://a', via: undefined } as const;
    const watched: Watched = { seen: [{ target, journey: own, outcome: { ok: true, ms: 1 } }], blind: false, ages: [] };
    const never = () => Promise.reject(new Error('nothing is baked'));
    const props: BakesProps = {
      region: 'a',
      records: given,
      nowMs: clock.now(),
      watched,
      world: { region: 'a', beats: [], controls: [foldControl('a', [])] },
      again: silent ? never : async () => again,
      alarms: silent ? never : async () => alarms('OK'),
      ignoreAlarms: false,
      tell: async ({ id, execution }, outcome) => {
        if (deaf) throw new Error('codedeploy does not answer');
        told.push([id, execution, outcome]);
      },
    };
    await tendBakes(props);
    return told;
  };
  return { minute, records, control, about, audit: async () => foldAudit(await control.query(auditKey('a'))) };
};
