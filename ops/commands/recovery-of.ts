/** The system that a recovery is about. */
import type { Command } from 'commander';
import { inTime } from '../../functions/aws/in-time.ts';
import { BEAT_GAP_MS_MAX } from '../../functions/core/operations.ts';
import type { Loss } from '../../functions/core/recovery.ts';
import type { Config } from '../../infra/config.ts';
import { readConfig } from '../config.ts';
import { AwsCells, localActor } from '../delivery/aws-cells.ts';
import { UserError } from '../errors.ts';
import type { RecoveryTarget } from '../recovery/estate.ts';
import { tellAfterwards, tellSightings } from '../recovery/tell-aws.ts';
import { AwsRecovery } from '../targets/aws-recovery.ts';
import { runningLocal } from '../targets/local.ts';
import type { TargetRegion } from '../targets/target.ts';
import { configFileOf } from './regions-of.ts';
import type { TargetName } from './target-option.ts';

/** Without a domain a region's front door is asked of CloudFormation there, which may be lost with the region. */
const FRONT_DOOR_MS_MAX = 15_000;

/** A system as the commands of a recovery reach it. */
export interface RecoverySystem {
  readonly target: RecoveryTarget;
  /** Who acts, for the audit trail. */
  actor(): Promise<string>;
  /** Undefined: nobody tells where it is. */
  frontDoor(region: string): Promise<TargetRegion | undefined>;
  /** Why a region that is called lost must be alive, as the others see it; undefined: nothing says so. */
  signOfLife(loss: Loss): Promise<string | undefined>;
  /** What else there is to know before it begins; empty: nothing. */
  situation(): Promise<string>;
  /** What remains to be done by hand; empty: nothing. */
  afterwards(region: string): string;
  close(): void;
}

export interface Asked {
  readonly target: TargetName;
  readonly region: string;
  readonly alsoLost: readonly string[];
  readonly outOfReach: boolean;
}

/** @throws {UserError} when no system runs here, and for regions that are not configured */
export const recoverySystem = async (asked: Asked, command: Command): Promise<RecoverySystem> => {
  if (asked.target === 'aws') return awsSystem(readConfig(configFileOf(command)), asked);
  if (asked.alsoLost.length > 0)
    throw new UserError('given --also-lost; allowed: with --target aws. Here the system knows which regions are lost');
  if (asked.outOfReach)
    throw new UserError(
      'given --out-of-reach; allowed: with --target aws. Here a region that is lost was killed, and its front door with it',
    );
  const local = await runningLocal('use the one on AWS with `--target aws`');
  return {
    target: local,
    actor: async () => localActor(),
    frontDoor: async (region) => local.regions.find((each) => each.name === region),
    signOfLife: async () => undefined,
    situation: async () => '',
    afterwards: () => '',
    close: () => local.close(),
  };
};

const awsSystem = (config: Config, { region, alsoLost, outOfReach }: Asked): RecoverySystem => {
  const names = config.regions.map(({ name }) => name);
  const stranger = [region, ...alsoLost].find((each) => !names.includes(each));
  if (stranger !== undefined) throw new UserError(`given region "${stranger}"; allowed: ${names.join(', ')}`);
  const cells = new AwsCells(config);
  const frontDoor = (each: string) => inTime(cells.frontDoor(each), FRONT_DOOR_MS_MAX).catch(() => undefined);
  const target = new AwsRecovery({ config, region, alsoLost, outOfReach, frontDoor });
  return {
    target,
    actor: async () => {
      const { accessKeyId } = await target.dynamo(region).config.credentials();
      return `${localActor()} with access key ${accessKeyId}`;
    },
    frontDoor,
    signOfLife: async ({ known }) => {
      // A region that was fenced beats on where it is not gone, and may be taken to its end.
      const ageMs = known.fenced ? undefined : await target.heartbeatAgeMs();
      if (ageMs === undefined || ageMs > BEAT_GAP_MS_MAX) return undefined;
      return `its heartbeat of ${Math.round(ageMs / 1_000)} s ago has reached another region; wait ${BEAT_GAP_MS_MAX / 1_000} s from its last one, if it is gone since`;
    },
    situation: async () => tellSightings(region, await target.sightings()),
    afterwards: (each) => tellAfterwards(each, config.backup.pointInTimeDays),
    close: () => target.close(),
  };
};
