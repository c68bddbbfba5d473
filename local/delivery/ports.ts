/** What deliveries need of other rooms. */
import type { AlarmState } from '../../functions/contract/delivery.ts';
import type { Stack } from '../deployment/assembly.ts';

export interface AlarmStatus {
  /** Construct id, as in the runbook. */
  readonly id: string;
  readonly state: AlarmState;
  readonly reason: string;
}

/** A region's alarms. */
export interface Alarms {
  /** By physical name. */
  states(): ReadonlyMap<string, AlarmStatus>;
  /** Evaluates what these stacks, deployed in the region, say from now on. */
  refresh(stacks: readonly Stack[]): Promise<void>;
}
