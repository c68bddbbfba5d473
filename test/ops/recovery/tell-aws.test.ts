import { describe, expect, it } from 'vitest';
import { STACKS, TABLES } from '../../../functions/contract/names.ts';
import { tellAfterwards, tellSightings } from '../../../ops/recovery/tell-aws.ts';

const REGION = 'eu-central-1';

describe('after a recovery on AWS an operator is told', () => {
  const told = tellAfterwards(REGION, 9).split('\n');

  it('to protect each replica that was made again, and to have it restorable for as long as is configured', () => {
    for (const table of Object.values(TABLES)) {
      const commands = told.filter((line) => line.includes(`--table-name ${table}`));
      expect(commands).toEqual([
        expect.stringMatching(/^ +aws dynamodb update-table --region eu-central-1 .* --deletion-protection-enabled$/),
        expect.stringMatching(/^ +aws dynamodb update-continuous-backups --region eu-central-1 .*PointInTimeRecoveryEnabled=true.*=9/),
      ]);
    }
  });

  it("to have the region's stack look for the new stream, by a context that it was never given, and to look at the tables' stack", () => {
    expect(told).toContainEqual(
      expect.stringMatching(new RegExp(`^ +npx cdk deploy --exclusively ${STACKS.cell(REGION)} -c replica=\\d+$`)),
    );
    expect(told).toContainEqual(expect.stringMatching(`^ +npx cdk drift ${STACKS.data}$`));
  });
});

it('while replicas are removed and added an operator is told how each table looks from each region', () => {
  const told = tellSightings(REGION, [
    { by: 'us-east-2', table: TABLES.data, status: 'CREATING' },
    { by: 'us-east-2', table: TABLES.control, status: undefined },
  ]);
  expect(told.split('\n').slice(1, 3)).toEqual([`  ${TABLES.data}: CREATING in us-east-2`, `  ${TABLES.control}: not listed in us-east-2`]);
});
