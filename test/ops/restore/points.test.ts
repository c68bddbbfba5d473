import { describe, expect, it } from 'vitest';
import { beginBackups, pointsOf } from '../../../ops/restore/points.ts';
import type { RecoveryPoint, RegionBackups } from '../../../ops/targets/backups.ts';

const POINT: RecoveryPoint = { arn: 'arn:1', table: 'tandem-data', createdAtMs: 0, state: 'complete' };

describe('the recovery points of all regions', () => {
  it('are listed though a region does not answer, and what is not known is told', async () => {
    const found = await pointsOf({ backups: (region) => (region === 'silent' ? silence() : has(region, [POINT])) }, ['silent', 'b']);
    expect(found).toEqual({
      points: [{ region: 'b', table: 'tandem-data', at: '1970-01-01T00:00:00.000Z', state: 'complete', arn: 'arn:1' }],
      problems: ['silent: its recovery points cannot be seen: no answer; see `bin/tandem status`'],
    });
  });

  it('are listed though a region has no vault', async () => {
    const found = await pointsOf({ backups: (region) => has(region, region === 'a' ? undefined : [POINT]) }, ['a', 'b']);
    expect(found.points).toHaveLength(1);
    expect(found.problems).toEqual(['a has no vault tandem-a; deploy the cell first']);
  });
});

describe('backups that are asked for', () => {
  it('begin in every region that answers, and the others are named with what to do', async () => {
    const begun: string[] = [];
    const backUp = async (region: string, table: string): Promise<void> => {
      if (region === 'silent') return silence();
      begun.push(`${region} ${table}`);
    };
    const said: string[] = [];
    const problems = await beginBackups({ backUp }, ['silent', 'b'], (line) => said.push(line));
    expect(begun).toEqual(['b tandem-data', 'b tandem-control']);
    expect(said).toEqual(['b: a backup of tandem-data has begun', 'b: a backup of tandem-control has begun']);
    expect(problems).toEqual([
      expect.stringMatching(/^silent: it is not known that every backup has begun: no answer; .+ run it again with --region silent$/),
    ]);
  });
});

const silence = (): Promise<never> => Promise.reject(new Error('no answer'));

const has = async (region: string, points: readonly RecoveryPoint[] | undefined): Promise<RegionBackups> => ({
  region,
  points,
  pointInTime: new Map(),
  missing: [],
});
