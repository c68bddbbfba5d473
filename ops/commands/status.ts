import type { Command } from 'commander';
import { drillText, readMarker } from '../drill/marker.ts';
import { STATE } from '../folders.ts';
import { type RegionStatus, statusOf } from '../region-status.ts';
import { table } from '../table.ts';
import { localNotes } from '../targets/local.ts';
import { regionsOf } from './regions-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly json: boolean;
}

/** `tandem status`: how each region is, told by itself. Exit code 1 when one is not healthy. */
export const addStatus = (program: Command): void => {
  addTargetOption(
    program
      .command('status')
      .summary('show how each region is, as told by itself')
      .description(
        "Asks each region's own front door for its health and for the heartbeats it sees. Needs no credentials and no control plane; only on AWS without a domain is each region's stack asked where it answers.\nExit code 1 when a region does not answer, fails its check, is evacuated or refuses writes, and when a drill has left something broken here.",
      ),
  )
    .option('--json', 'print JSON', false)
    .action(async (options: Options, command: Command) => {
      const statuses = await statusOf(await regionsOf(options.target, command));
      console.log(options.json ? JSON.stringify(statuses, undefined, 2) : describe(statuses));
      const marker = options.target === 'local' ? await readMarker(STATE) : undefined;
      const drill = marker && drillText(marker);
      // Beside what scripts read.
      for (const note of options.target === 'local' ? await localNotes() : []) console.error(note);
      if (drill !== undefined) console.error(drill.text);
      if (drill?.broken === true || statuses.some((each) => each.state !== 'healthy')) process.exitCode = 1;
    });
};

const age = (ms: number | null): string => (ms === null ? 'never seen' : `${(ms / 1000).toFixed(1)} s`);

/** A line a region, then why those that are not healthy are not. */
export const describe = (statuses: readonly RegionStatus[]): string => {
  const rows = statuses.map((each) => [
    each.region,
    each.state,
    each.url ?? '-',
    each.version ?? '-',
    each.writer ?? '-',
    each.writable === null ? '-' : each.writable ? 'yes' : 'no',
    each.peers.map((peer) => `${peer.region} ${age(peer.heartbeatAgeMs)}`).join(', ') || '-',
  ]);
  const reasons = statuses.flatMap((each) => each.reasons.map((reason) => `${each.region}: ${reason}`));
  return [
    table([['region', 'state', 'front door', 'version', 'writes as', 'writable', 'heartbeat age of peers, seen there'], ...rows]),
    ...reasons,
  ].join('\n');
};
