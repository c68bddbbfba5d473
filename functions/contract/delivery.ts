/** How deliveries are asked for and told, by whatever carries them out: the laptop's stand-ins, or the tools for AWS. */

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/**
 * One region's part of a delivery.
 * `waiting`: its wave has not begun. `deploying`: CloudFormation works. Then the phases of CodeDeploy; `unchanged`: the
 * API's version is the one that serves. `skipped`: asked for. `cancelled`: an earlier wave failed.
 */
export const REGION_DELIVERY_STATES = [
  'waiting',
  'deploying',
  'before-traffic',
  'exposed',
  'after-traffic',
  'succeeded',
  'unchanged',
  'failed',
  'skipped',
  'cancelled',
] as const;
export type RegionDeliveryState = (typeof REGION_DELIVERY_STATES)[number];

export interface RegionDelivery {
  readonly region: string;
  readonly state: RegionDeliveryState;
  /** Of CodeDeploy; null before it begins, or without it. */
  readonly deploymentId: string | null;
  /** Numbers of the API function's versions: that serves, and that is deployed; null until known. */
  readonly from: string | null;
  readonly to: string | null;
  /** Percent of the region's calls that `to` gets now. */
  readonly percent: number;
  readonly detail: string;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

/** `cdk deploy --all`, wave by wave. */
export interface Delivery {
  readonly id: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** In the order of the waves. */
  readonly regions: readonly RegionDelivery[];
  readonly detail: string;
}

/** What to deliver: the checkout, with changes that a drill wants. */
export interface DeliveryRequest {
  /** Name of a fault that is compiled into the API's bundle: `functions/faulty`. */
  readonly fault?: string;
  /** Any text: compiled into the bundle, so that it is another version without any change. */
  readonly marker?: string;
  /** Over the configuration's `delivery`. */
  readonly settings?: {
    readonly exposePercent?: number;
    readonly exposeMinutes?: number;
    readonly bakeMinutes?: number;
    readonly ignoreAlarms?: boolean;
  };
  /** Regions that get nothing. */
  readonly skip?: readonly string[];
}
