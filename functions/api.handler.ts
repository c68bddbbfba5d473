/** Every route of the API. Invoked by API Gateway. */
import { Authenticator } from './aws/authenticator.ts';
import { embedded, errorFields, type Fields, log } from './aws/log.ts';
import { peersOf } from './aws/peers.ts';
import { startRuntime } from './aws/runtime.ts';
import { DIMENSIONS, METRICS } from './contract/names.ts';
import { ROUTES } from './contract/routes.ts';
import { Hlc } from './core/hlc.ts';
import { PeerMemory } from './core/peer-memory.ts';
import { Api, type Served } from './http/api.ts';
import type { ApiAnswer, ApiEvent } from './http/event.ts';

const BYTES_PER_MEGABYTE = 2 ** 20;

const { environment, data, control, monitor, clock } = startRuntime(process.env);
const authenticator = new Authenticator({ settings: environment.auth, control, clock });

/**
 * One line for each request of a user route: log entry, and metrics where it was a user's, or may have been. A synthetic
 * caller's carries the memory in use instead, by which a trial of this version sees a leak. Probes come by the million and are in API Gateway's own log; they
 * are told here only when they fail.
 */
const report = (served: Served): void => {
  for (const item of served.damaged)
    log('ERROR', 'damaged item', {
      item,
      route: served.route,
      correlationId: served.correlationId,
      mended: served.status < 400,
      ...embedded({ metrics: [{ name: METRICS.damagedItems, unit: 'Count', value: 1 }], dimensions: {}, sets: [[]] }, clock.now()),
    });
  const { route, caller, method, status, correlationId, latencyMs, waitedMs, stale, durability, refusal } = served;
  const forUsers = route !== undefined && ROUTES[route].access.kind === 'user';
  if (!forUsers && status < 500) return;
  const failed = status >= 500;
  const cause: Fields = refusal?.cause === undefined ? {} : errorFields(refusal.cause);
  const counted = forUsers && (caller === 'user' || caller === 'unknown');
  const metrics: Fields = counted ? requestMetrics(served) : forUsers && failed && caller === 'nobody' ? untold() : {};
  const memory: Fields = caller === 'synthetic' ? { memoryMb: Math.round(process.memoryUsage.rss() / BYTES_PER_MEGABYTE) } : {};
  const level = refusal?.problem === 'internal' ? 'ERROR' : failed ? 'WARN' : 'INFO';
  log(level, 'request', {
    ...metrics,
    ...memory,
    caller,
    correlationId,
    route,
    method,
    status,
    latencyMs,
    waitedMs: waitedMs === 0 ? undefined : waitedMs,
    stale: stale || undefined,
    durability,
    problem: refusal?.problem,
    refused: refusal?.detail,
    ...cause,
  });
};

/** What strangers get is no error of a version or a region: the alarm on API Gateway's errors takes it off. */
const untold = (): Fields =>
  embedded({ metrics: [{ name: METRICS.untold, unit: 'Count', value: 1 }], dimensions: {}, sets: [[]] }, clock.now());

/**
 * A caller that asks to wait for another region must not make this one look slow: a peer's trouble is none of its versions'.
 * How such waits of writes ended is told where there was one: no other caller's request pays for a metric about them.
 */
const requestMetrics = ({ route, status, latencyMs, waitedMs, durability, drained }: Served): Fields =>
  embedded(
    {
      metrics: [
        { name: METRICS.requests, unit: 'Count', value: 1 },
        { name: METRICS.errors, unit: 'Count', value: status >= 500 && !drained ? 1 : 0 },
        { name: METRICS.latency, unit: 'Milliseconds', value: latencyMs - waitedMs },
        ...(durability === undefined || route === undefined || ROUTES[route].method === 'GET'
          ? []
          : ([
              { name: METRICS.durabilityAsked, unit: 'Count', value: 1 },
              { name: METRICS.durabilityMissed, unit: 'Count', value: durability === 'local' ? 1 : 0 },
            ] as const)),
      ],
      dimensions: { [DIMENSIONS.version]: environment.functionVersion },
      // Under the version too: alarms on a new one must not see the faults of the old.
      sets: [[], [DIMENSIONS.version]],
    },
    clock.now(),
  );

const api = new Api({
  ...environment,
  store: data,
  monitor,
  clock,
  hlc: new Hlc(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  peer: peersOf(environment),
  memory: new PeerMemory(),
  identify: (authorization) => authenticator.identify(authorization),
  report,
});

export const handler = (event: ApiEvent, context: { readonly awsRequestId: string }): Promise<ApiAnswer> =>
  api.handle(event, context.awsRequestId);
