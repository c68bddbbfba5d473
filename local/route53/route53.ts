/**
 * Route 53 on a laptop: health checkers and the authoritative name server of the zone that the templates describe.
 * docs/local-differences.md says what it does not prove.
 */
import { ASSUMED_AGGREGATION_SECONDS } from '../../functions/contract/failover-time.ts';
import type { Place } from '../network.ts';
import { type Clock, systemClock } from './clock.ts';
import type { CheckTurn } from './health.ts';
import type { StackTemplate } from './intrinsics.ts';
import { nearestRegions, regionNear } from './latency.ts';
import { startMonitor } from './monitor.ts';
import { canonicalName } from './names.ts';
import { probe } from './prober.ts';
import { addressesOf, resolve, type View } from './resolver.ts';
import type { Answerer } from './responder.ts';
import { type DnsServer, startDnsServer } from './server.ts';
import { type CheckRole, frontDoorRegion, purposeOf, readZone, type Zone } from './zone.ts';

export interface Route53Props {
  /** Name of the hosted zone; templates carry only its id. */
  readonly zoneName: string;
  /** In the order of the config. */
  readonly regions: readonly string[];
  /** The cells' and the Global stack's. */
  readonly templates: readonly StackTemplate[];
  /** What DNS answers for a region's front door. */
  readonly addressOf: (region: string) => string;
  /** Where it listens, or did before it was lost: a place that is gone is what checks are for. */
  readonly frontDoorOf: (region: string) => Place;
  /** Where whoever asks is taken for a caller near the region. @default nowhere */
  readonly resolverNear?: (region: string) => Place;
  /** Of the name server, on 127.0.0.1; 0: any free one. */
  readonly port: number;
  readonly onEvent?: (event: Route53Event) => void;
  /** @default ASSUMED_AGGREGATION_SECONDS */
  readonly aggregationSeconds?: number;
  /** @default the system's */
  readonly clock?: Clock;
  /** From 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

export type Route53Event =
  /** A check turned. `check` is its logical id; `region` the one whose traffic it decides on. */
  | {
      readonly kind: 'check';
      readonly check: string;
      readonly role: CheckRole;
      readonly region: string | null;
      readonly healthy: boolean;
      readonly detail: string;
    }
  /** What a latency-routed name answers to callers near a region changed. */
  | { readonly kind: 'answer'; readonly name: string; readonly near: string; readonly addresses: readonly string[] };

export interface Route53 {
  readonly address: string;
  readonly port: number;
  readonly zone: Zone;
  isHealthy(check: string): boolean;
  /** Addresses that a name has now for callers near a region. */
  addressesNear(name: string, region: string): readonly string[];
  /** Ends checkers and server; leaves no timer, socket or promise behind. */
  stop(): Promise<void>;
}

/**
 * @throws {UnsupportedTemplateError} when the templates hold what is not interpreted here
 * @throws {DnsPortError} when the port cannot be had
 */
export const startRoute53 = async (props: Route53Props): Promise<Route53> => {
  const zone = readZone(props.zoneName, props.templates);
  const random = props.random ?? Math.random;
  const view = (near: string | undefined): View => ({
    isHealthy: (check) => monitor.isHealthy(check),
    nearest: nearestRegions(near, props.regions),
    addressOf: props.addressOf,
    random,
  });
  const addressesNear = (name: string, near: string) =>
    addressesOf(resolve(zone, { name: canonicalName(name) ?? name, type: 'A' }, view(near)));
  const watch = answerWatch(zone, props.regions, addressesNear);
  const monitor = startMonitor({
    zone,
    random,
    clock: props.clock ?? systemClock,
    aggregationMs: (props.aggregationSeconds ?? ASSUMED_AGGREGATION_SECONDS) * 1_000,
    probe: async (check, signal) => {
      const region = frontDoorRegion(zone, check.fqdn);
      if (region === null) return { passed: false, reason: 'name does not resolve' };
      return probe(
        { ...props.frontDoorOf(region), host: check.fqdn, path: check.path, searchText: check.searchText, reference: check.logicalId },
        signal,
      );
    },
    onTurns: (turns, reasons) => {
      for (const turn of turns) props.onEvent?.(turnEvent(zone, turn, reasons));
      for (const event of watch()) props.onEvent?.(event);
    },
  });
  watch();
  const answer: Answerer = (question, { source, subnet }) => resolve(zone, question, view(regionNear(subnet, source, props.regions)));
  const servers = [startDnsServer({ port: props.port, answer }), ...resolversNear(props, answer)];
  const stop = async (): Promise<void> => {
    const started = await Promise.allSettled(servers);
    await Promise.all([monitor.stop(), ...started.map(async (each) => each.status === 'fulfilled' && each.value.close())]);
  };
  const [server] = await Promise.all(servers).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  if (server === undefined) throw new Error('no name server');
  return {
    address: server.address,
    port: server.port,
    zone,
    isHealthy: (check) => monitor.isHealthy(check),
    addressesNear,
    stop,
  };
};

/** Name servers that answer as the one of all does to a caller near their region. */
const resolversNear = ({ regions, resolverNear, addressOf }: Route53Props, answer: Answerer): readonly Promise<DnsServer>[] =>
  resolverNear === undefined
    ? []
    : regions.map((region) =>
        startDnsServer({
          ...resolverNear(region),
          answer: (question, { subnet }) => answer(question, { source: addressOf(region), subnet }),
        }),
      );

const turnEvent = (zone: Zone, turn: CheckTurn, reasons: ReadonlyMap<string, string>): Route53Event => {
  const check = zone.checks.get(turn.check);
  if (check === undefined) throw new Error(`no health check "${turn.check}"`);
  const reason =
    check.kind === 'calculated'
      ? 'of its children, too few are healthy'
      : check.inverted
        ? 'the text was found; inverted'
        : (reasons.get(turn.check) ?? '');
  return { kind: 'check', ...turn, ...purposeOf(zone, check), detail: turn.healthy ? 'healthy' : `unhealthy: ${reason}` };
};

/** Compares, at each call, what every latency-routed name answers near each region with what it did at the call before. */
const answerWatch = (zone: Zone, regions: readonly string[], addressesNear: (name: string, near: string) => readonly string[]) => {
  const names = [...zone.records].filter(([, group]) => group.some((record) => record.policy.kind === 'latency')).map(([name]) => name);
  const before = new Map<string, string>();
  return (): readonly Route53Event[] =>
    names.flatMap((name) =>
      regions.flatMap((near) => {
        const addresses = addressesNear(name, near);
        const [place, now] = [`${name} ${near}`, addresses.join()];
        if (before.get(place) === now) return [];
        before.set(place, now);
        return [{ kind: 'answer', name, near, addresses } as const];
      }),
    );
};
