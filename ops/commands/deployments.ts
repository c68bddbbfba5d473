import type { Command } from 'commander';
import { type Drift, instant, phaseOf, type RegionDeployments, readDeployments } from '../delivery/deployments.ts';
import type { Versions } from '../delivery/versions.ts';
import { asText, printJson, printText } from '../print.ts';
import { table } from '../table.ts';
import { waitingFor } from '../waiting.ts';
import { chosenRegions, withCells } from './cells-of.ts';
import { reading } from './effect.ts';
import { addTargetOption, type TargetName } from './target-option.ts';

interface Options {
  readonly target: TargetName;
  readonly region?: string;
  readonly audit: boolean;
  readonly json: boolean;
}

const SHOWN_MAX = 10;

/** `tandem deployments`: what was deployed where, how it ended, and what operators did. Exit code 1 when a region is drifted or does not answer. */
export const addDeployments = (program: Command): void => {
  addTargetOption(
    reading(program.command('deployments'))
      .summary('show versions, deployments and rollbacks of each region')
      .description(
        "Reads each region's versions from Lambda, and its deployments, their verdicts, rollbacks and manual moves from the control table.\nExit code 1 when a region is drifted, or something of it could not be read.",
      ),
  )
    .option('--region <region>', 'of one region only')
    .option('--audit', 'who did what, and why, as well', false)
    .option('--json', 'print JSON', false)
    .action((options: Options, command: Command) =>
      withCells(options.target, command, async (cells) => {
        const names = chosenRegions(cells.names, options.region);
        const found = await waitingFor('waiting for the regions to answer', () =>
          Promise.all(names.map((name) => readDeployments(cells, name))),
        );
        if (options.json) printJson(found.map(plain));
        else printText(found.map((each) => describe(each, options.audit)).join('\n\n'));
        if (found.some((each) => each.drift.kind === 'moved' || each.troubles.length > 0)) process.exitCode = 1;
      }),
    );
};

/** As JSON shows it. */
const plain = ({ versions, ...rest }: RegionDeployments) => ({
  ...rest,
  versions: versions && { ...versions, weights: Object.fromEntries(versions.weights) },
});

/** A region's part of the answer. */
export const describe = ({ region, troubles, versions, view, drift, deploying, audit }: RegionDeployments, withAudit: boolean): string => {
  const sections = [
    [`${region}: ${versions === undefined ? 'its versions are not known' : `version ${versions.live} is live`}${driftText(drift)}`],
    ...(deploying === undefined ? [] : [[`deploys now: ${deploying}`]]),
    troubles.map((each) => `could not be read: ${each}`),
    ...(versions === undefined
      ? []
      : [
          section(
            ['version', 'published', ''],
            versions.versions.map((each) => [each.number, each.publishedAt, roleOf(each.number, versions)]),
          ),
        ]),
    section(
      ['deployment', 'began', 'version', 'stands', 'why'],
      (view?.deployments ?? []).slice(0, SHOWN_MAX).map((each) => {
        const { phase, why } = phaseOf(each);
        const beganMs = each.trial?.atMs ?? each.bake?.atMs ?? each.ended?.atMs ?? 0;
        return [each.id, instant(beganMs), each.trial?.candidate ?? each.bake?.candidate ?? '-', phase, why || '-'];
      }),
    ),
    section(
      ['moved by hand', 'by', 'from', 'to', 'why'],
      (view?.moves ?? []).slice(0, SHOWN_MAX).map((move) => [instant(move.atMs), move.by, move.from, move.to, move.reason]),
    ),
    ...(withAudit
      ? [
          section(
            ['audit', 'who', 'what', 'why'],
            audit.map((each) => [instant(each.atMs), each.who, each.what, each.why]),
          ),
        ]
      : []),
  ];
  const [title = [], ...rest] = sections;
  return asText([...title, ...rest.flat().map((line) => `  ${line}`)]);
};

const section = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0 ? [] : table([head, ...rows]);

const roleOf = (number: string, { live, weights }: Versions): string => {
  const exposed = [...weights.values()].reduce((sum, percent) => sum + percent, 0);
  if (number === live) return exposed > 0 ? `live, ${100 - exposed} %` : 'live';
  const percent = weights.get(number);
  return percent === undefined ? '-' : `exposed, ${percent} %`;
};

const driftText = (drift: Drift): string => {
  switch (drift.kind) {
    case 'none':
      return '';
    case 'moved':
      return `, DRIFTED: moved by hand from ${drift.since.from} (${drift.last.by}, ${instant(drift.last.atMs)}: ${drift.last.reason})`;
    case 'recorded':
      return `; a move from ${drift.since.from} to ${drift.last.to} was written down and is not in force`;
  }
};
