import { describe, expect, it } from 'vitest';
import { foldRecord } from '../../functions/core/record-fold.ts';
import type { Item } from '../../functions/core/store.ts';

describe('an edit that was made again, later, in a region that sorts first', () => {
  // The caller gave up on a region that was frozen, and was served by another; then the frozen one did it, too.
  const first = version({ vid: '1', by: 'c', hlc: '0000000000100-00000' });
  const again = version({ vid: '1', by: 'a', hlc: '0000000000900-00000' });

  it('stays older than what was made from it', () => {
    const next = version({ vid: '2', by: 'c', hlc: '0000000000200-00000', parents: ['1'] });
    expect(foldRecord([first, again, next])?.versions.map(({ vid }) => vid)).toEqual(['2', '1']);
  });

  it('wins over no edit that was made between', () => {
    const between = version({ vid: '3', by: 'b', hlc: '0000000000500-00000' });
    for (const items of [
      [first, again, between],
      [between, again, first],
    ])
      expect(foldRecord(items)?.winner.vid).toBe('3');
  });
});

function version(given: { readonly vid: string; readonly by: string; readonly hlc: string; readonly parents?: readonly string[] }): Item {
  const { vid, by, hlc, parents = [] } = given;
  return { pk: 'RECORD#r', sk: `V#${vid}#${by}`, v: 1, parents, value: '1', subject: 'ann', hlc, at: 0 };
}
