/** Asks each region's own front door how it is: no control plane, no credentials. */
import type * as z from 'zod/mini';
import { health, regions } from '../functions/contract/answers.ts';
import { BEAT_GAP_MS_MAX } from '../functions/core/operations.ts';
import { messageOf } from './errors.ts';
import { type Ask, askingFrontDoors, jsonOf } from './front-doors.ts';
import type { TargetRegion } from './targets/target.ts';

/** A peer's heartbeat, as a region's replica shows it. */
export interface SeenPeer {
  readonly region: string;
  readonly heartbeatAgeMs: number | null;
  readonly evacuate: boolean;
}

/** A region of which nobody could say where it answers. */
export interface Unfound {
  readonly name: string;
  readonly reason: string;
}

export interface RegionStatus {
  readonly region: string;
  /** Null: not known. */
  readonly url: string | null;
  /** `silent`: no answer, or none that fits the contract. */
  readonly state: 'healthy' | 'unhealthy' | 'silent';
  /** Why it is not healthy. */
  readonly reasons: readonly string[];
  readonly version: string | null;
  readonly writer: string | null;
  readonly writable: boolean | null;
  readonly peers: readonly SeenPeer[];
  /** Seconds since it heard of any other, where that is longer than an absence; null: it does, or never did. */
  readonly aloneSeconds: number | null;
}

/** The status of all regions, in their order. Never throws for a region that does not answer. */
export const statusOf = async (targets: readonly (TargetRegion | Unfound)[]): Promise<readonly RegionStatus[]> =>
  askingFrontDoors((ask) => Promise.all(targets.map((target) => ('url' in target ? regionStatus(ask, target) : unfoundStatus(target)))));

const SILENT = { state: 'silent', version: null, writer: null, writable: null, peers: [], aloneSeconds: null } as const;

const unfoundStatus = ({ name, reason }: Unfound): RegionStatus => ({ ...SILENT, region: name, url: null, reasons: [reason] });

const regionStatus = async (ask: Ask, target: TargetRegion): Promise<RegionStatus> => {
  try {
    // `/health` answers with its body whether its status is 200 or 503.
    const [verdict, world] = await Promise.all([answerTo(ask, target, '/health', health), answerTo(ask, target, '/regions', regions)]);
    const own = world.regions.find((each) => each.region === target.name);
    const peers = world.regions.filter((each) => each.region !== target.name);
    const reasons = [
      ...verdict.reasons.map((each) => `${each.code}: ${each.detail}`),
      ...(verdict.verdict === 'fail' && verdict.reasons.length === 0 ? ['the deep check fails'] : []),
      ...(own?.evacuate === true ? ['evacuated: an operator switched it off'] : []),
      ...(own?.writable === false && verdict.verdict === 'pass' ? ['refuses writes'] : []),
    ];
    return {
      region: target.name,
      url: target.url,
      state: reasons.length === 0 ? 'healthy' : 'unhealthy',
      reasons,
      version: verdict.version,
      writer: verdict.writer,
      writable: own?.writable ?? null,
      peers,
      aloneSeconds: aloneSecondsOf(peers),
    };
  } catch (error) {
    return { ...SILENT, region: target.name, url: target.url, reasons: [`${target.url}: ${messageOf(error)}`] };
  }
};

const aloneSecondsOf = (peers: readonly SeenPeer[]): number | null => {
  const ages = peers.flatMap(({ heartbeatAgeMs }) => (heartbeatAgeMs === null ? [] : [heartbeatAgeMs]));
  const youngestMs = Math.min(...ages);
  return ages.length > 0 && youngestMs > BEAT_GAP_MS_MAX ? Math.floor(youngestMs / 1_000) : null;
};

const answerTo = async <T>(ask: Ask, target: TargetRegion, path: string, shape: z.ZodMiniType<T>): Promise<T> => {
  const { status, text } = await ask(target, path);
  const result = shape.safeParse(jsonOf(text));
  if (result.success) return result.data;
  throw new Error(`${path} answered ${status} with ${text.slice(0, 120) || 'nothing'}`);
};
