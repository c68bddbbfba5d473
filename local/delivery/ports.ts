/** What deliveries, and a region's part of one, need of others. */
import type { Cell } from '../cell.ts';
import type { AlarmStatus } from '../cloudwatch/alarm.ts';
import type { CodeDeploy } from '../codedeploy/codedeploy.ts';
import type { Stack } from '../deployment/assembly.ts';
import type { Clock } from '../route53/clock.ts';
import type { RegionUpdate } from './record.ts';

/** A region's alarms. */
export interface Alarms {
  /** By physical name. */
  states(): ReadonlyMap<string, AlarmStatus>;
  /** Evaluates what these stacks, deployed in the region, say from now on. */
  refresh(stacks: readonly Stack[]): Promise<void>;
}

/** Of one region's part of a delivery. */
export interface WaveProps {
  readonly cell: Cell;
  /** The assembly, as AWS would get it. */
  readonly source: string;
  /** Where the region's copy goes for this deployment. */
  readonly target: string;
  readonly codeDeploy: CodeDeploy;
  readonly alarms: Alarms;
  /** Of CodeDeploy's pauses. */
  readonly clock: Clock;
  readonly onUpdate: (update: RegionUpdate) => void;
  /** Ends it at once, without rolling back: the system ends. */
  readonly signal: AbortSignal;
}
