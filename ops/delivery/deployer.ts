/** What delivers, and tells what must be known before: one port, on AWS and on a laptop. */
import type { Config } from '../../infra/config.ts';
import { drillRuns, readMarker } from '../drill/marker.ts';
import { messageOf } from '../errors.ts';
import { statusOf } from '../region-status.ts';
import type { DeliveryTarget, TargetRegion } from '../targets/target.ts';
import type { Cells } from './cells.ts';
import { readDeployments, runningOf } from './deployments.ts';
import type { Capacity, NotApplicable, Situation, StackChanges, Unknown } from './preflight.ts';

export interface Deployer extends Pick<DeliveryTarget, 'deliver' | 'delivery' | 'stopDelivery' | 'events'> {
  readonly cells: Cells;
  frontDoors(): Promise<readonly TargetRegion[]>;
  /** Names of the alarms that fire in a region. */
  firing(region: string): Promise<readonly string[]>;
  capacity(): Promise<readonly Capacity[] | NotApplicable>;
  changes(): Promise<readonly StackChanges[] | NotApplicable>;
  /** What goes on by itself when a delivery is left alone. */
  readonly leftAlone: string;
}

export interface SituationProps {
  readonly deployer: Deployer;
  readonly config: Pick<Config, 'delivery'>;
  readonly skip: readonly string[];
  readonly ignoreAlarms: boolean;
  readonly stateFolder: string;
}

/** Reads all that the pre-flight judges. What cannot be read is told as not known. */
export const readSituation = async ({ deployer, config, skip, ignoreAlarms, stateFolder }: SituationProps): Promise<Situation> => {
  const { cells } = deployer;
  const marker = await readMarker(stateFolder);
  const known = async <T>(work: Promise<T>): Promise<T | Unknown> => work.catch((error: unknown) => ({ unknown: messageOf(error) }));
  const [statuses, deployments, firing, capacity, changes] = await Promise.all([
    deployer.frontDoors().then(statusOf),
    Promise.all(cells.names.map((name) => readDeployments(cells, name))),
    Promise.all(cells.names.map(async (name) => [name, await known(deployer.firing(name))] as const)),
    known(deployer.capacity()),
    known(deployer.changes()),
  ]);
  return {
    regions: cells.names,
    skip,
    ignoreAlarms,
    statuses,
    deployments: deployments.map((each) => {
      const running = each.view && runningOf(each.view, config.delivery, Date.now());
      return { ...each, deploying: each.deploying ?? (running && `deployment ${running.id} has begun and not ended`) };
    }),
    firing: new Map(firing),
    drill: marker !== undefined && (marker.phase !== 'before' || (await drillRuns(marker))) ? marker : undefined,
    capacity,
    changes,
  };
};
