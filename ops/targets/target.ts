/**
 * What a drill needs of the system it attacks. One adapter each: the laptop (`local.ts`), and AWS. Faults are scopes:
 * whoever gets a `Fault` repairs it, and `repairAll` repairs what an earlier, killed tool left behind.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { AlarmState, Delivery, DeliveryRequest, RegionDeliveryState } from '../../functions/contract/delivery.ts';
import type { Item } from '../../functions/core/store.ts';

export interface TargetRegion {
  readonly name: string;
  /** Base URL of the region's own front door. */
  readonly url: string;
  /** Host header for `url` when it is an address; the failover client sends it. */
  readonly host: string;
}

export type LossKind = 'kill' | 'freeze' | 'blackhole';

/** A fault that is in force. */
export interface Fault {
  readonly region: string;
  readonly kind: LossKind;
  /** `Date.now()` at which it took effect. */
  readonly atMs: number;
  /** True when the region's state is gone: only `rebuildRegion` (ops/recovery) brings it back, and `repair` does nothing. */
  readonly statelost: boolean;
  /** Ends the fault. May be called more than once. */
  repair(): Promise<void>;
}

export type TargetEvent = { readonly atMs: number; readonly region: string | null; readonly detail: string } & (
  | { readonly kind: 'fault' | 'repair' | 'region' | 'link' | 'edge' }
  | { readonly kind: 'check'; readonly check: string; readonly role: 'deep' | 'switch' | 'calculated'; readonly healthy: boolean }
  | { readonly kind: 'answer'; readonly addresses: readonly string[] }
  | { readonly kind: 'alarm'; readonly alarm: string; readonly state: AlarmState }
  | { readonly kind: 'delivery'; readonly state: RegionDeliveryState; readonly percent: number }
);

export interface Target {
  readonly kind: 'local' | 'aws';
  readonly regions: readonly TargetRegion[];
  /** How callers that follow DNS find the system; undefined without a domain. */
  readonly dns:
    | {
        readonly name: string;
        readonly server: { readonly address: string; readonly port: number };
        /** Where the front door is that an answer leads to. */
        readonly doorAt: (address: string) => { readonly address: string; readonly port: number };
        /** EDNS client subnet of a caller near a region. */
        readonly subnetNear: (region: string) => string;
      }
    | undefined;
  /** SDK client for a region's replica. */
  dynamo(region: string): DynamoDBClient;
  lose(region: string, kind: LossKind): Promise<Fault>;
  /** Regions whose state is gone, or whose rebuild was interrupted. */
  lostRegions(): Promise<readonly string[]>;
  /** Regions that a fault is in force in, known without asking them. Absent: nobody knows. */
  strickenRegions?(): Promise<readonly string[]>;
  /** Sees that a lost region serves no caller. @throws {UserError} when it does */
  closeDoor(region: string): Promise<void>;
  /** Brings a lost region back with empty tables, the `fence` items in its control table before any function can run. */
  restartEmpty(region: string, fence: readonly Item[]): Promise<void>;
  /** Stops replication to and from a region for good, and starts it anew with a full copy. */
  cutLinks(region: string): Promise<void>;
  /** Resolves when the full copy has been made in both directions. */
  restoreLinks(region: string): Promise<void>;
  /** Stops replication between all regions, in both directions, where it stands. What is written meanwhile arrives afterwards. */
  partition(): Promise<void>;
  /** Ends it. */
  heal(): Promise<void>;
  /** Lets a rebuilt region serve. */
  admit(region: string): Promise<void>;
  /** Events since the drill began, oldest first. */
  events(): Promise<readonly TargetEvent[]>;
  /** Ends every fault that leaves a region its state. */
  repairAll(): Promise<void>;
}

/** Hears what a region's topic tells its subscribers. */
export interface Listener {
  /** Messages so far, oldest first. */
  readonly heard: readonly string[];
  close(): Promise<void>;
}

/** A target that versions can be delivered to. */
export interface DeliveryTarget extends Target {
  /** Begins to deliver the checkout, wave by wave. @throws {UserError} while a delivery runs */
  deliver(request: DeliveryRequest): Promise<Delivery>;
  /** The running or last delivery; undefined when there was none. */
  delivery(): Promise<Delivery | undefined>;
  /** Stops the running delivery; resolves when its region is rolled back. */
  stopDelivery(): Promise<void>;
  /** SDK client for a region's functions, and the name of its API function. */
  lambda(region: string): Promise<{ readonly client: LambdaClient; readonly apiFunction: string }>;
  /** Subscribes to the topic of a region's alarms and deployments. Absent: nobody can from here. */
  listen?(region: string): Promise<Listener>;
}
