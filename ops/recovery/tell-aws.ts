/** What operators read of a recovery on AWS beside what they read of every one. */
import { OUTPUTS, STACKS, TABLES } from '../../functions/contract/names.ts';
import { asText } from '../print.ts';
import { inCheckout } from '../tandem.ts';
import { pointInTimeCommand, protectionCommand, type Sighting } from '../targets/aws-replicas.ts';
import type { DoorState } from './door.ts';

export const tellSightings = (region: string, sightings: readonly Sighting[]): string =>
  asText([
    `Replicas of ${region}, as the others see them:`,
    ...sightings.map(({ by, table, status }) => `  ${table}: ${status ?? 'not listed'} in ${by}`),
    'Removing them and adding them again is yours: each run stops with the next command, and goes on when that is done.',
  ]);

/** How callers are taken from a region that may still serve, and what it costs not to. */
export const closingOf = (region: string, through: string, { state, detail }: DoorState): readonly string[] => [
  state === 'open'
    ? `${region} serves: ${detail}. It was cut off before it heard of its fence, or would be; nothing is fenced while it acknowledges writes that no other region will ever hold.`
    : `Nobody knows from here whether ${region} serves: ${detail}. Nothing is fenced while it may acknowledge writes that no other region will ever hold.`,
  `Close its front door, then run this again. Where its control plane answers, let its API function run no more (NAME as \`${STACKS.cell(region)}\` outputs it in ${OUTPUTS.apiFunction}):`,
  `    aws lambda put-function-concurrency --region ${region} --function-name NAME --reserved-concurrent-executions 0`,
  'Where it does not, lead DNS away, which needs the others alone; who has its own name or a connection stays there:',
  `    ${switchCommand(region, through)}`,
  `Or say that it is out of reach, and take the consequence: \`--out-of-reach\`. Then whatever ${region} acknowledges from now on is lost, and what it sells may be sold twice.`,
];

/** `at` is in milliseconds. */
const switchCommand = (region: string, through: string): string =>
  `aws dynamodb put-item --region ${through} --table-name ${TABLES.control} --item '{"pk":{"S":"REGIONS"},"sk":{"S":"SWITCH#${region}#${through}"},"v":{"N":"1"},"evacuate":{"BOOL":true},"at":{"N":"'"$(date +%s)000"'"},"reason":{"S":"given up"}}'`;

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
    'Where you closed its front door, open it again, by the name of its API function, and end an evacuation that you gave:',
    `    aws lambda delete-function-concurrency --region ${region} --function-name NAME`,
    'docs/runbook.md, "On AWS", has more.',
  ]);
