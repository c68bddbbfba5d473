/** Ends a fault, and brings the region back to where it serves. Not to be cut short: every wait has a bound of its own. */
import { UserError } from '../errors.ts';
import { statusOf } from '../region-status.ts';
import { plural } from '../reports/words.ts';
import type { RestoreReport } from '../restore/report.ts';
import { tandem } from '../tandem.ts';
import type { DeliveryTarget, Fault, Target } from '../targets/target.ts';
import type { ReadPartition } from './ledger.ts';
import { brokenBy, drillRuns, howOf, type Marker, readMarker, removeMarker } from './marker.ts';
import { replicaReader } from './replica.ts';
import { until } from './wait.ts';

/** Rebuilds a region from the survivors and lets it serve. */
export type Rebuild = (target: Target, region: string, progress: (line: string) => void) => Promise<{ readonly incarnation: number }>;

/** Restores the tables from a point before bad writes, and waits until every region holds what is repaired. */
export type Restore = (target: Target, atMs: number, progress: (line: string) => void) => Promise<RestoreReport>;

export interface RepairProps {
  readonly target: Target;
  readonly region: string;
  readonly rebuild: Rebuild;
  readonly progress: (line: string) => void;
}

/** On a machine that is overloaded the callers of the drill slow down what they wait for; the time is measured, so waiting costs nothing else. */
const SERVING_WITHIN_MS = 600_000;
const ASK_EVERY_MS = 500;

/**
 * @param fault undefined when the fault could not be set whole: then everything is repaired
 * @returns when the region served again, milliseconds since 1970
 * @throws {UserError} when it does not within 10 minutes
 */
export const repairFault = async (props: RepairProps, fault: Fault | undefined): Promise<number> => {
  if (fault) await fault.repair();
  else await props.target.repairAll();
  return bringBack(props);
};

const bringBack = async ({ target, region, rebuild, progress }: RepairProps): Promise<number> => {
  if ((await target.lostRegions()).includes(region)) {
    progress(`rebuilding ${region} from the survivors`);
    const { incarnation } = await rebuild(target, region, progress);
    progress(`${region} writes as incarnation ${incarnation}`);
  }
  const own = target.regions.filter((each) => each.name === region);
  const serves = async () => (await statusOf(own)).every((status) => status.state === 'healthy' && status.writable !== false);
  if (!(await until(serves, { what: `${region} to serve`, everyMs: ASK_EVERY_MS, withinMs: SERVING_WITHIN_MS }))) {
    throw new UserError(`${region} does not serve ${SERVING_WITHIN_MS / 1_000} s after its repair (see \`${tandem('status')}\`)`);
  }
  return Date.now();
};

/**
 * Stops the running delivery, if there is one: its region goes back to the version before. A delivery that has ended has
 * succeeded, or was rolled back, by itself.
 *
 * @returns its end, milliseconds since 1970
 */
export const takeBack = async (target: DeliveryTarget, progress: (line: string) => void): Promise<number> => {
  if ((await target.delivery())?.state === 'running') {
    progress('stopping the delivery: the version before takes all calls again');
    await target.stopDelivery();
  }
  return Date.now();
};

/** Resumes replication between all regions. @returns when, milliseconds since 1970 */
export const rejoin = async (target: Target, progress: (line: string) => void): Promise<number> => {
  progress('resuming replication between all regions');
  await target.heal();
  return Date.now();
};

/**
 * Puts back what bad writes took. May be run again when it was cut short.
 *
 * @throws {UserError} when something stays wrong
 */
export const putBack = async (
  { target, restore, progress }: Pick<AbortDrillProps, 'restore' | 'progress'> & { readonly target: Target },
  atMs: number,
): Promise<RestoreReport> => {
  progress(`restoring the tables from ${new Date(atMs).toISOString()}`);
  const report = await restore(target, atMs, progress);
  if (!report.whole) throw new UserError(`not everything is put back: ${unrepaired(report).join(', ')}`);
  return report;
};

/** Items that are named. */
const NAMED_MAX = 3;

const unrepaired = ({ remaining, repaired }: RestoreReport): readonly string[] => {
  const left = repaired?.left ?? [];
  return [
    ...remaining.flatMap(({ region, facts }) => (facts === 0 ? [] : [`${region} lacks ${plural(facts, 'fact')}`])),
    ...left.slice(0, NAMED_MAX).map(({ pk, sk, why }) => `${pk} ${sk} is left (${why})`),
    ...(left.length > NAMED_MAX ? [`and ${left.length - NAMED_MAX} more are left`] : []),
  ];
};

/** Whether any region has the partition. */
export const standsIn = async (target: Target, read: ReadPartition, pk: string): Promise<boolean> => {
  const found = await Promise.all(target.regions.map(({ name }) => read(name, pk)));
  return found.some((items) => items.length > 0);
};

export interface AbortDrillProps extends Omit<RepairProps, 'region'> {
  readonly target: DeliveryTarget;
  readonly restore: Restore;
  /** @default strongly consistent reads through `target.dynamo` */
  readonly read?: ReadPartition;
  readonly stateFolder: string;
}

/**
 * Repairs what a killed drill left behind.
 *
 * @returns what was repaired, a region or a delivery; undefined when no drill had left anything
 * @throws {UserError} while that drill still runs: it repairs by itself
 */
export const abortDrill = async ({ stateFolder, ...props }: AbortDrillProps): Promise<string | undefined> => {
  const marker = await readMarker(stateFolder);
  if (!marker) return undefined;
  if (await drillRuns(marker))
    throw new UserError(
      `the drill still runs (process ${marker.pid}); stop it with Ctrl-C where it runs, or with \`kill ${marker.pid}\`, and it repairs ${brokenBy(marker)} itself`,
    );
  if (marker.phase !== 'before') {
    props.progress(`repairing ${brokenBy(marker)} (${howOf(marker)}, begun ${marker.startedAt})`);
    await mend(marker, props);
  }
  await removeMarker(stateFolder);
  return brokenBy(marker);
};

const mend = async (marker: Marker, props: Omit<AbortDrillProps, 'stateFolder'>): Promise<void> => {
  const { target, progress, read = replicaReader(target) } = props;
  switch (marker.drill) {
    case 'region-loss':
      await target.repairAll();
      await bringBack({ ...props, region: marker.region });
      return;
    case 'bad-deploy':
    case 'good-deploy':
      await takeBack(target, progress);
      return;
    case 'partition':
      await rejoin(target, progress);
      return;
    case 'bad-writes':
      // Tables of another system: what was broken went with its own.
      if (marker.atMs !== null && (await standsIn(target, read, marker.witness))) await putBack(props, marker.atMs);
  }
};
