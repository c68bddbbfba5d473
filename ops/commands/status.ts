import type { Command } from 'commander';
import { drillText, readMarker } from '../drill/marker.ts';
import { UserError } from '../errors.ts';
import { STATE } from '../folders.ts';
import { asText, printError, printJson, printText } from '../print.ts';
import { type RegionStatus, statusOf } from '../region-status.ts';
import { table } from '../table.ts';
import { localNotes, runningLocal } from '../targets/local.ts';
import { standInsText } from '../targets/local-stand-ins.ts';
import { waitingFor } from '../waiting.ts';
import { reading } from './effect.ts';
import { regionsOf } from './regions-of.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly json: boolean;
  readonly standIns: boolean;
}

/** `tandem status`: how each region is, told by itself. Exit code 1 when one is not healthy. */
export const addStatus = (program: Command): void => {
  addTargetOption(
    reading(program.command('status'))
      .summary('show how each region is, as told by itself')
      .description(
        "Asks each region's own front door for its health and for the heartbeats it sees. Needs no credentials and no control plane; only on AWS without a domain is each region's stack asked where it answers.\nExit code 1 when a region does not answer, fails its check, is evacuated or refuses writes, and when a drill has left something broken here.",
      ),
  )
    .option('--json', 'print JSON', false)
    .option('--stand-ins', 'show instead what stands in for AWS on this machine', false)
    .action(async (options: Options, command: Command) => {
      if (options.standIns) return showStandIns(options);
      const regions = await regionsOf(options.target, command);
      const statuses = await waitingFor('waiting for the regions to answer', () => statusOf(regions));
      if (options.json) printJson(statuses);
      else printText(describe(statuses));
      const marker = options.target === 'local' ? await readMarker(STATE) : undefined;
      const drill = marker && (await drillText(marker));
      // Beside what scripts read.
      for (const note of options.target === 'local' ? await localNotes() : []) printError(note);
      if (drill !== undefined) printError(drill.text);
      if (drill?.broken === true || statuses.some((each) => each.state !== 'healthy')) process.exitCode = 1;
    });
};

const showStandIns = async ({ target, json }: Options): Promise<void> => {
  if (target !== 'local')
    throw new UserError(`given --stand-ins with --target ${target}; allowed: without --target, of the system on this machine`);
  const local = await runningLocal();
  local.close();
  if (json) printJson(local.standIns());
  else printText(standInsText(local.standIns()));
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
  return asText([
    ...table([['region', 'state', 'front door', 'version', 'writes as', 'writable', 'heartbeat age of peers, seen there'], ...rows]),
    ...reasons,
    ...statuses.flatMap(({ region, aloneSeconds }) =>
      aloneSeconds === null
        ? []
        : [`${region}: has heard of no other region for ${aloneSeconds} s, and goes on; if it was given up, what it does is lost`],
    ),
  ]);
};
