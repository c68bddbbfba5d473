import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auditItem,
  bakedItem,
  bakingItem,
  END_STATES,
  endedItem,
  foldAudit,
  foldDeployments,
  isGood,
  movedItem,
  TRIAL_VERDICTS,
  triedItem,
} from '../../functions/core/deployments.ts';
import type { Item } from '../../functions/core/store.ts';

const about = (atMs: number) => ({ region: 'a', writer: 'a.2', atMs });
const [OLD, NEW] = ['d-OLD', 'd-NEW'];
const MOVE = { by: 'ann', from: '6', to: '7', reason: 'drill' };
const FACTS: readonly Item[] = [
  triedItem(about(10), OLD, { verdict: 'pass', detail: 'three journeys', candidate: '6' }),
  bakingItem(about(20), OLD, { untilMs: 50, execution: 'e-1', candidate: '6' }),
  bakedItem(about(50), OLD, { verdict: 'dependency', detail: 'both fail' }),
  endedItem(about(60), OLD, { state: 'failed', reason: 'rolled back' }),
  bakingItem(about(70), NEW, { untilMs: 90, execution: 'e-2', candidate: '7' }),
  movedItem(about(5), MOVE),
  movedItem(about(65), MOVE),
];

describe('what is known of deployments', () => {
  it('is the same in whatever order its facts arrived, newest first', () => {
    const expected = {
      deployments: [
        {
          id: NEW,
          trial: undefined,
          bake: { atMs: 70, untilMs: 90, execution: 'e-2', candidate: '7', ended: undefined },
          ended: undefined,
        },
        {
          id: OLD,
          trial: { atMs: 10, verdict: 'pass', detail: 'three journeys', candidate: '6' },
          bake: {
            atMs: 20,
            untilMs: 50,
            execution: 'e-1',
            candidate: '6',
            ended: { atMs: 50, verdict: 'dependency', detail: 'both fail' },
          },
          ended: { atMs: 60, state: 'failed', reason: 'rolled back' },
        },
      ],
      moves: [
        { ...MOVE, atMs: 65 },
        { ...MOVE, atMs: 5 },
      ],
    };
    fc.assert(
      fc.property(fc.shuffledSubarray([...FACTS], { minLength: FACTS.length }), (items) => {
        expect(foldDeployments(items)).toEqual(expected);
      }),
    );
  });

  it('never lets a version through by a word that this release does not know', () => {
    const known: readonly string[] = [...TRIAL_VERDICTS, ...END_STATES];
    const unknown = fc
      .oneof(fc.string(), fc.constantFrom('PASS', 'passed', 'good', ''), fc.jsonValue())
      .filter((word) => typeof word !== 'string' || !known.includes(word));
    fc.assert(
      fc.property(unknown, (word) => {
        const said: Item[] = FACTS.map((item) => ({ ...item, ...JSON.parse(JSON.stringify({ verdict: word, state: word })) }));
        const old = foldDeployments(said).deployments.find(({ id }) => id === OLD);
        expect([old?.trial?.verdict, old?.bake?.ended?.verdict, old?.ended?.state]).toEqual(['fail', 'fail', 'failed']);
      }),
    );
    expect(TRIAL_VERDICTS.filter(isGood)).toEqual(['pass', 'limited']);
  });

  it('that is damaged is shown as far as it goes', () => {
    const [bare] = foldDeployments([{ pk: 'DEPLOYMENTS#a', sk: `D#${OLD}#BAKING#a`, v: 1 }]).deployments;
    expect(bare?.bake).toEqual({ atMs: 0, untilMs: 0, execution: '', candidate: '', ended: undefined });
  });
});

describe('the audit of a region', () => {
  it('tells who did what, when and why, newest first, and keeps two that came at once', () => {
    const entries = [
      { who: 'ann', what: 'evacuated a', why: 'drill' },
      { who: 'bob', what: 'moved the alias', why: 'drill' },
    ];
    const items = [3, 1, 2].flatMap((atMs) => entries.map((entry) => auditItem(about(atMs), entry)));
    expect(new Set(items.map(({ sk }) => sk)).size).toBe(items.length);
    expect(foldAudit(items).map(({ atMs }) => atMs)).toEqual([3, 3, 2, 2, 1, 1]);
    expect(foldAudit(items.slice(0, 1))).toEqual([{ ...entries[0], atMs: 3 }]);
    expect(foldAudit([{ pk: 'AUDIT#a', sk: 'x#a', v: 1 }])).toEqual([{ atMs: 0, who: '', what: '', why: '' }]);
  });
});
