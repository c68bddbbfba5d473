/**
 * The API in a Lambda proxy's terms: event in, answer out, one log line. In order: route, caller, evacuation, input, write
 * gate, what its tokens name, use case, a peer's word where it is asked for. Every failure ends as a problem; what was
 * unexpected is logged, and the caller gets its correlation id.
 */
import { HEADERS } from '../contract/names.ts';
import { ROUTES, type Route, type RouteName, type Scope } from '../contract/routes.ts';
import type { Done, Outcome } from '../core/context.ts';
import type { Hlc } from '../core/hlc.ts';
import type { Identified, Identity } from '../core/keys.ts';
import { listing } from '../core/listed.ts';
import { aloneMsOf, gateOf, isDrained, type WorldView } from '../core/operations.ts';
import { HOT_MS, RecentSkus, SHORT_MS } from '../core/recent-skus.ts';
import { Damaged, type Key, type Store } from '../core/store.ts';
import { isSynthetic } from '../core/synthetic.ts';
import { tokenOf } from '../core/token.ts';
import { challenge, empty, json, problem, RETRY_AFTER_SECONDS, type Signature } from './answers.ts';
import { type ConsistencyProps, catchUp, type Durability, demandsOf, durabilityOf, told } from './consistency.ts';
import { optionsOf, toPages } from './cross-origin.ts';
import { type ApiAnswer, type ApiEvent, correlationIdOf } from './event.ts';
import { Input } from './input.ts';
import { OPEN_ROUTES, type OpenProps } from './open-routes.ts';
import { readOf } from './preconditions.ts';
import { Refusal, refusalOf } from './refusal.ts';
import { isHead, noRoute, routeOf } from './routing.ts';
import { USER_ROUTES } from './user-routes.ts';

export interface ApiProps extends OpenProps, ConsistencyProps {
  readonly store: Store;
  readonly hlc: Hlc;
  /** Milliseconds from a switch until user routes answer 503. */
  readonly drainMs: number;
  /** Whose pages may call; `*`: everybody's. */
  readonly origins: readonly string[];
  readonly identify: (authorization: string | undefined) => Promise<Identified>;
  /** Told after each request. */
  readonly report: (served: Served) => void;
}

export interface Served {
  readonly route: RouteName | undefined;
  readonly caller: Caller;
  readonly method: string;
  readonly status: number;
  readonly correlationId: string;
  readonly latencyMs: number;
  /** Those of them that it waited for other regions, because its caller asked for that. */
  readonly waitedMs: number;
  /** What it said of regions. */
  readonly stale: boolean;
  readonly durability: Durability | undefined;
  /** Refused because an operator evacuates this region, and for nothing else. */
  readonly drained: boolean;
  /** Items that it found damaged: mended by it, or in its way. */
  readonly damaged: readonly Key[];
  /** Why it was not a success. */
  readonly refusal: Refusal | undefined;
}

/**
 * `synthetic`: a canary. `nobody`: refused before it could be told, for whatever a stranger sends. `unknown`: could not be told, because a table did not
 * answer; and every caller of a route that does not ask.
 */
export type Caller = 'user' | 'synthetic' | 'nobody' | 'unknown';

/** To a write that is done here, and was to be done in another region as well. */
const NOT_YET = 202;

interface Ended {
  readonly answer: ApiAnswer;
  readonly refusal?: Refusal;
}

interface Tokened {
  readonly token?: string | undefined;
}

interface Request {
  readonly route: RouteName | undefined;
  readonly by: Signature;
  readonly learnt: Learnt;
}

/** What is learnt of a request while it is served. */
interface Learnt {
  caller: Caller;
  /** This region did not hold all that the tokens name. */
  stale: boolean;
  /** Undefined where nobody asked. */
  durability: Durability | undefined;
  waitedMs: number;
  readonly damaged: Key[];
  /** Milliseconds without a word of any other region, once that is long. */
  aloneMs: number | undefined;
  /** Regions that operators evacuate, as this one has heard. */
  evacuated: readonly string[];
  /** Refused for no other reason than that this is one of them. */
  drained: boolean;
}

export class Api {
  readonly #props: ApiProps;
  readonly #shortages = new RecentSkus(SHORT_MS);
  readonly #heat = new RecentSkus(HOT_MS);

  constructor(props: ApiProps) {
    this.#props = props;
  }

  /** Never throws. */
  async handle(event: ApiEvent, requestId: string): Promise<ApiAnswer> {
    const { region, version, clock, origins } = this.#props;
    const startedMs = clock.now();
    const input = new Input(event);
    const by: Signature = { region, version, correlationId: correlationIdOf(event, input.header(HEADERS.correlationId), requestId) };
    const route = routeOf(event);
    const learnt: Learnt = {
      caller: 'unknown',
      stale: false,
      durability: undefined,
      waitedMs: 0,
      damaged: [],
      aloneMs: undefined,
      evacuated: [],
      drained: false,
    };
    const { answer, refusal } = await this.#end(event, input, { route, by, learnt });
    const served = {
      route,
      ...learnt,
      method: event.httpMethod,
      status: answer.statusCode,
      correlationId: by.correlationId,
      latencyMs: clock.now() - startedMs,
      refusal,
    };
    this.#props.report(served);
    const headers = { ...answer.headers, ...toPages(input, origins) };
    return isHead(event) ? { ...answer, headers, body: '' } : { ...answer, headers };
  }

  async #end(event: ApiEvent, input: Input, request: Request): Promise<Ended> {
    const { route, by, learnt } = request;
    try {
      input.refuseRepeated();
      if (event.httpMethod === 'OPTIONS') return { answer: empty(204, by, optionsOf(event, input, this.#props.origins)) };
      if (route === undefined) throw noRoute(event);
      return { answer: await this.#serve(route, input, by, learnt) };
    } catch (error: unknown) {
      if (error instanceof Damaged) learnt.damaged.push(error.key);
      const refusal = refusalOf(error);
      const answer = problem(refusal, by);
      return { answer: { ...answer, headers: { ...answer.headers, ...told(learnt) } }, refusal };
    }
  }

  async #serve(route: RouteName, input: Input, by: Signature, learnt: Learnt): Promise<ApiAnswer> {
    switch (route) {
      case 'health':
      case 'switchState':
      case 'regions':
      case 'openapi': {
        const { status, body } = await OPEN_ROUTES[route](this.#props, input, this.#props.clock.now());
        return json(status, body, by);
      }
      default: {
        const outcome = await this.#serveUser(route, input, learnt);
        if (outcome.kind === 'refused')
          throw new Refusal(outcome.code, outcome.detail, outcome.region === undefined ? {} : { members: { region: outcome.region } });
        const tagged: Readonly<Record<string, string>> = outcome.tag === undefined ? {} : { [HEADERS.etag]: `"${outcome.tag}"` };
        const consistency = told(learnt, outcome.token);
        if (isUnchanged(route, input, outcome)) return empty(304, by, { ...consistency, ...tagged });
        return json(statusOf(route, outcome, learnt.durability), outcome.value, by, {
          ...consistency,
          ...(outcome.replayed ? { [HEADERS.replayed]: 'true' } : {}),
          ...tagged,
        });
      }
    }
  }

  async #serveUser(route: keyof typeof USER_ROUTES, input: Input, learnt: Learnt): Promise<Outcome<unknown> & Tokened> {
    const { monitor, identify, clock, hlc, store, region, regions, drainMs } = this.#props;
    const { method, access } = ROUTES[route];
    const authorization = input.header('authorization');
    const viewing = monitor.world();
    // Both at once; but who calls must be learnt even when the view fails, for a canary's failures are not users'.
    const [identified] = await Promise.all([identify(authorization), viewing.catch(() => undefined)]);
    learnt.caller = callerOf(identified);
    const world = await viewing;
    learnt.aloneMs = aloneMsOf(world, clock.now());
    learnt.evacuated = world.controls.flatMap((each) => (each.evacuate ? [each.region] : []));
    refuseWhileStranger(world);
    const { subject } = allowed(identified, authorization, access.scope);
    // A version must be triable before its region is brought back.
    learnt.drained = !isSynthetic(subject) && isDrained(world, clock.now(), drainMs);
    if (learnt.drained) throw evacuated(region);
    if (!('query' in ROUTES[route])) input.refuseQuery();
    const demands = demandsOf(input, { method, subject, secrets: monitor.secrets });
    const work = await USER_ROUTES[route]({ subject, input });
    const writer = method !== 'GET' ? openGate(world) : gateOf(world).writer;
    learnt.stale = !(await this.#timed(learnt, catchUp(this.#props, demands)));
    const beside = { named: demands.keys, shortages: this.#shortages, heat: this.#heat, mended: (key: Key) => learnt.damaged.push(key) };
    const outcome = await work({ store: listing(store, demands.keys), clock, hlc, region, regions, writer, ...beside });
    if (outcome.kind === 'done' && demands.replicated) {
      const keys = method === 'GET' ? demands.keys : outcome.carriers;
      // Of what is not here, a peer's copy is the only one that was seen.
      learnt.durability = learnt.stale && method === 'GET' ? 'local' : await this.#timed(learnt, durabilityOf(this.#props, keys, world));
    }
    // A region has no secret in its first moments. Its first answers do not wait for one.
    const secret = monitor.secrets.of(writer);
    return outcome.kind === 'done' && secret ? { ...outcome, token: tokenOf(outcome.carriers, subject, secret) } : outcome;
  }

  async #timed<T>(learnt: Learnt, waiting: Promise<T>): Promise<T> {
    const startedMs = this.#props.clock.now();
    const value = await waiting;
    learnt.waitedMs += this.#props.clock.now() - startedMs;
    return value;
  }
}

const statusOf = (name: RouteName, { created }: Done<unknown>, durability: Durability | undefined): number => {
  const { success, method }: Route = ROUTES[name];
  if (durability === 'local' && method !== 'GET') return NOT_YET;
  return created === true ? (success.created ?? success.status) : success.status;
};

/** Whether the caller of a read has it already. @throws {Refusal} when it is not what the caller asks for (If-Match) */
const isUnchanged = (name: RouteName, input: Input, { tag }: Done<unknown>): boolean => {
  if (ROUTES[name].method !== 'GET' || tag === undefined) return false;
  return readOf(tag, input.preconditions()) === 'unchanged';
};

const allowed = (identified: Identified, authorization: string | undefined, scope: Scope): Identity => {
  switch (identified.kind) {
    case 'unavailable':
      throw new Refusal('unavailable', identified.detail, {}, identified.cause);
    case 'untold':
      throw new Refusal('unavailable', identified.detail);
    case 'refused':
      throw new Refusal('unauthorized', identified.detail, { headers: challenge(authorization === undefined ? 'none' : 'invalid') });
    case 'identified':
      // It becomes a part of keys and items; what was no text when the token was made may stand for several.
      if (!isText(identified.identity.subject))
        throw new Refusal('unauthorized', 'the subject of the token has no UTF-8 form', { headers: challenge('invalid') });
      if (identified.identity.scopes.includes(scope)) return identified.identity;
      throw new Refusal('forbidden', `the token lacks the scope ${scope}`, { headers: challenge({ missing: scope }) });
  }
};

const isText = (text: string): boolean => text.isWellFormed() && !text.includes('\ufffd');

const callerOf = (identified: Identified): Caller => {
  switch (identified.kind) {
    case 'unavailable':
      return 'unknown';
    case 'refused':
    case 'untold':
      return 'nobody';
    case 'identified':
      return isSynthetic(identified.identity.subject) ? 'synthetic' : 'user';
  }
};

const evacuated = (region: string): Refusal =>
  new Refusal('unavailable', `an operator evacuates ${region}; ask another region`, {
    headers: { [HEADERS.retryAfter]: String(RETRY_AFTER_SECONDS.evacuated) },
  });

/** A region that is being rebuilt, or was replaced, knows neither all keys nor all facts: it answers neither 401 nor 404. */
const refuseWhileStranger = (world: WorldView): void => {
  const gate = gateOf(world);
  if (!gate.open && gate.reason !== 'behind') throw new Refusal('unavailable', `${gate.detail}; ask another region`);
};

const openGate = (world: WorldView): string => {
  const gate = gateOf(world);
  if (!gate.open) throw new Refusal('unavailable', `${gate.detail}; ask another region`);
  return gate.writer;
};
