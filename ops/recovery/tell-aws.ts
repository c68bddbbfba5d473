/** What operators read of a recovery on AWS beside what they read of every one. */
import { STACKS, TABLES } from '../../functions/contract/names.ts';
import { asText } from '../print.ts';
import { inCheckout } from '../tandem.ts';
import { pointInTimeCommand, protectionCommand, type Sighting } from '../targets/aws-replicas.ts';

export const tellSightings = (region: string, sightings: readonly Sighting[]): string =>
  asText([
    `Replicas of ${region}, as the others see them:`,
    ...sightings.map(({ by, table, status }) => `  ${table}: ${status ?? 'not listed'} in ${by}`),
    'Removing them and adding them again is yours: each run stops with the next command, and goes on when that is done.',
  ]);

/** What a replica that was made again lacks, and what the stacks do not know yet. */
export const tellAfterwards = (region: string, pointInTimeDays: number): string =>
  asText([
    `Its replicas are new, so set what belongs to each replica:`,
    ...Object.values(TABLES).flatMap((table) => [
      `    ${protectionCommand(region, table, true)}`,
      `    ${pointInTimeCommand(region, table, pointInTimeDays)}`,
    ]),
    'Its data table has another stream, which housekeeping must follow; and see what the stack of the tables makes of the change before anybody deploys it:',
    `    ${inCheckout('npx', 'cdk', 'deploy', '--exclusively', STACKS.cell(region), '-c', `replica=${Date.now()}`)}`,
    `    ${inCheckout('npx', 'cdk', 'drift', STACKS.data)}`,
    'docs/runbook.md, "On AWS", has more.',
  ]);
