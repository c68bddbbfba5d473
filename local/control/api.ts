/**
 * The control API of the local system: JSON over HTTP on loopback, guarded by the token in `.tandem/local/system.json`
 * (mode 0600). `tandem` commands and drills use it; nothing that AWS runs knows it.
 */

import type { AlarmState, RegionDeliveryState } from '../../functions/contract/delivery.ts';
import type { Place, Route } from '../network.ts';

/** What a front door can be made to do to new and open connections. */
export type EdgeFault =
  | { readonly kind: 'none' }
  /** Connections are refused (the listener closes). */
  | { readonly kind: 'refuse' }
  /** Connections are accepted by the kernel and never answered. */
  | { readonly kind: 'blackhole' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'error'; readonly status: 500 | 502 | 503 | 504 };

/** `serving`: up. `frozen`: SIGSTOP. `lost`: its process group is gone. `rebuilding`: coming back. */
export type RegionState = 'starting' | 'serving' | 'frozen' | 'lost' | 'rebuilding';

export interface LocalRegion {
  readonly name: string;
  readonly state: RegionState;
  /** What DNS answers for its front door. */
  readonly dnsAddress: string;
  /** Where that is on this machine, `http://ADDRESS:PORT`, and the name that it answers to. */
  readonly address: string;
  readonly port: number;
  /** The same with TLS. */
  readonly tlsPort: number;
  readonly regionalName: string;
  /** The emulator's endpoint, for AWS SDK clients. */
  readonly endpoint: string;
  /** What opens this emulator, until the system ends. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Process group of emulator and front door; null when lost or attached to a foreign endpoint. */
  readonly processGroup: number | null;
  readonly edge: EdgeFault;
  /** Physical names of what operators' tools ask the emulator for. Empty while the stacks are not deployed. */
  readonly functions: { readonly api: string };
  /** Topic of the cell's alarms; empty while the stacks are not deployed. */
  readonly topicArn: string;
  /** Alarms of the cell that are not OK, by physical name. */
  readonly alarms: readonly LocalAlarm[];
}

export interface LocalAlarm {
  /** Physical name, as in the emulator. */
  readonly name: string;
  /** Construct id, as in the runbook. */
  readonly id: string;
  readonly state: AlarmState;
  readonly reason: string;
}

export interface LocalLink {
  readonly from: string;
  readonly to: string;
  readonly delayMs: number;
  readonly paused: boolean;
  /** Cut for good: nothing of `from` arrives any more until the link is started anew. */
  readonly cut: boolean;
  /** Milliseconds between a write's time at `from` and its arrival at `to`, the last one copied; null before the first. */
  readonly lagMs: number | null;
  /** Changes read from the stream and not yet applied. */
  readonly pending: number;
}

export interface LocalSystem {
  readonly pid: number;
  readonly startedAtMs: number;
  /** `attached`: one foreign endpoint serves all regions, which are lost at their front doors only. */
  readonly mode: 'owned' | 'attached';
  readonly domain: string;
  readonly dns: Place;
  /** For people: what is unusual about it, a sentence each. */
  readonly notes: readonly string[];
  /** Of every front door, as callers name it who follow DNS. */
  readonly edgePort: number;
  /** Where on this machine is what DNS answers, with that port and others: see `placeOf` in local/network.ts. */
  readonly routes: readonly Route[];
  readonly regions: readonly LocalRegion[];
  readonly links: readonly LocalLink[];
}

/** Something that happened, for drills and their reports. Times are `Date.now()` of this machine. */
export type LocalEvent = {
  /** Counts from 1; `GET /events?after=N` continues. */
  readonly id: number;
  readonly atMs: number;
  readonly region: string | null;
  readonly detail: string;
} & (
  | { readonly kind: 'region'; readonly state: RegionState }
  | { readonly kind: 'edge'; readonly fault: EdgeFault }
  /** A Route 53 check turned. `check` is the logical name; calculated checks are the ones routing follows. */
  | { readonly kind: 'check'; readonly check: string; readonly role: 'deep' | 'switch' | 'calculated'; readonly healthy: boolean }
  /** The answer of the shared name, as seen from near `region`, changed. */
  | { readonly kind: 'answer'; readonly addresses: readonly string[] }
  | { readonly kind: 'link'; readonly to: string }
  /** An alarm turned. `alarm` is its construct id. */
  | { readonly kind: 'alarm'; readonly alarm: string; readonly state: AlarmState }
  /** A region's part of a delivery went on. */
  | {
      readonly kind: 'delivery';
      readonly state: RegionDeliveryState;
      readonly deploymentId: string | null;
      readonly to: string | null;
      readonly percent: number;
    }
);

/**
 * Requests of the control API.
 *
 * | request | body | answer |
 * |---|---|---|
 * | `GET /system` | | `LocalSystem` |
 * | `GET /events?after=N` | | `LocalEvent[]`, at most 1,000 |
 * | `POST /regions/{name}/lose` | | kills the region's process group (`owned` only) |
 * | `POST /regions/{name}/freeze`, `/thaw` | | SIGSTOP, SIGCONT (`owned` only) |
 * | `POST /regions/{name}/edge` | `EdgeFault` | sets the front door's fault |
 * | `POST /regions/{name}/restart` | `{ "fence": Item[] }` | starts a lost region empty: emulator, stacks, fence items in its control table before its functions; links stay cut; state `rebuilding` |
 * | `POST /regions/{name}/admit` | | state `serving` |
 * | `POST /links` | `{ from, to, delayMs?, paused?, cut? }` | sets a link; `cut: false` starts it anew: full copy, then tail |
 * | `GET /deliveries` | | `Delivery[]`, newest first, of this run of the system |
 * | `POST /deliveries` | `DeliveryRequest` | begins a delivery and answers it at once, as `Delivery`; 409 while one runs |
 * | `POST /deliveries/stop` | | stops the running delivery, which rolls its region back, and answers `Delivery` when that is done |
 * | `POST /repair` | | thaws, clears every edge fault, resumes every link that is not cut |
 *
 * Every other POST answers `LocalSystem` when it is done. Refusals are `{ "error": string }` with 4xx.
 */
export const CONTROL_TOKEN_HEADER = 'tandem-control-token';

/** Content of `.tandem/local/system.json` while a system runs. */
export interface SystemFile {
  readonly pid: number;
  readonly controlUrl: string;
  readonly token: string;
}
