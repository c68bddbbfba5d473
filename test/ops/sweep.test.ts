import { describe, expect, it } from 'vitest';
import type { Due } from '../../functions/core/due-work.ts';
import { isClean, type Swept } from '../../ops/sweep/sweep.ts';
import { tellLook, tellSwept } from '../../ops/sweep/tell.ts';

const NOW_MS = 1_760_000_000_000;
const HOUR_MS = 3_600_000;

const DUE: readonly Due[] = [
  ...['o1', 'o2', 'o3', 'o4', 'o5'].map((order): Due => ({ task: { kind: 'reconcile', order }, sinceMs: NOW_MS - HOUR_MS })),
  { task: { kind: 'book', sku: 'tea', hash: 'h1' }, sinceMs: NOW_MS - 5 * HOUR_MS },
  { task: { kind: 'rebalance', sku: 'tea' }, sinceMs: undefined },
];

describe('what is due, as an operator reads it', () => {
  it('is counted by kind, the first are named, and the oldest tells its age', () => {
    expect(tellLook({ region: 'a', survey: { due: DUE, more: 0, items: 12, whole: true }, letters: 1 }, NOW_MS)).toBe(
      [
        'a: 7 tasks due, the oldest for 5 h; 12 items read; 1 dead letter',
        '  5  orders whose reservation here must end  o1, o2, o3, and 2 more',
        '  1  receipts to book                        tea h1',
        '  1  skus with stock to move                 tea',
      ].join('\n'),
    );
  });

  it('says so when there is nothing, when the table was not read whole, and when nobody knows an age', () => {
    const none = { due: [], more: 0, items: 0, whole: false };
    expect(tellLook({ region: 'a', survey: none, letters: 0 }, NOW_MS)).toBe(
      'a: nothing is due; no items read, not all that there are; no dead letters',
    );
    const moves = { due: DUE.slice(-1), more: 3, items: 9, whole: true };
    expect(tellLook({ region: 'a', survey: moves, letters: 0 }, NOW_MS)).toContain('a: 4 tasks due; 9 items read; no dead letters');
  });
});

describe('what a sweep did, as an operator reads it', () => {
  const swept: Swept = { region: 'a', done: 7, left: [], fresh: 0, problems: [], letters: 2, removed: 2 };

  it.each([
    ['all of it', swept, true, ['a: 7 tasks done, none left; 2 of 2 dead letters removed']],
    ['nothing', { ...swept, done: 0, letters: 0, removed: 0 }, true, ['a: no tasks done, none left; no dead letters']],
    [
      'all of it, while callers went on',
      { ...swept, fresh: 1 },
      true,
      [
        'a: 7 tasks done, none left; 2 of 2 dead letters removed',
        '  1 task came up meanwhile: the region is at work, and its stream brings them',
      ],
    ],
    [
      'a part of it',
      { ...swept, left: DUE.slice(5, 6), problems: ['{"kind":"book"}: no'], removed: 0 },
      false,
      [
        'a: 7 tasks done, 1 task left, the oldest for 5 h; 0 of 2 dead letters removed',
        '  1  receipts to book  tea h1',
        '  {"kind":"book"}: no',
      ],
    ],
    [
      'nothing that it could look for',
      { ...swept, done: 0, problems: ['the replica of a cannot be read: no'], removed: 0 },
      false,
      ['a: no tasks done, unknown what is left; 0 of 2 dead letters removed', '  the replica of a cannot be read: no'],
    ],
    [
      'all of the work, and a message stays',
      { ...swept, removed: 1 },
      false,
      [
        'a: 7 tasks done, none left; 1 of 2 dead letters removed',
        '  some messages could not be removed: another reader may hold them for two minutes',
      ],
    ],
  ])('%s', (_, given, clean, lines) => {
    expect(isClean(given)).toBe(clean);
    expect(tellSwept(given, NOW_MS)).toBe(lines.join('\n'));
  });
});
