/** Requests of the client on their way: headers, bounded bodies, and the tokens that go along and come back. */
import type { Regions } from '../functions/contract/answers.ts';
import { type FetchAnswer, readAnswer, readError, type Verdict } from './answer.ts';
import { readBody } from './body.ts';
import type { Endpoint } from './fleet.ts';
import { type ClientRoute, HEALTH_PATH, REGIONS_PATH } from './routes.ts';
import type { Runtime } from './runtime.ts';
import type { TokenMemory } from './tokens.ts';

/** The part of `fetch` that the client uses. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly redirect: 'error';
}

/** A request that can be sent as it is. */
export interface Call {
  readonly route: ClientRoute;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly replicated: boolean;
  /** Fields of the answer that repeat what is asked. */
  readonly echo: Readonly<Record<string, unknown>>;
}

export interface WireProps {
  readonly fetch: Fetch;
  readonly runtime: Runtime;
  readonly tokens: TokenMemory;
  /** Milliseconds that a request of the client's own may take. */
  readonly timeoutMs: number;
  /** Told which regions a region says are evacuated. */
  readonly heard: (evacuated: readonly string[]) => void;
}

export class Wire {
  private readonly props: WireProps;

  constructor(props: WireProps) {
    this.props = props;
  }

  /** Asks a region, with the tokens that it is to hold. Never rejects. */
  async send(endpoint: Endpoint, call: Call, signal: AbortSignal): Promise<Verdict> {
    const { tokens, runtime } = this.props;
    const { region } = endpoint;
    const recalled = tokens.recall(call.path, region, runtime.monotonic());
    const verdict = await this.exchange(endpoint, call, recalled.tokens, signal);
    if (recalled.tokens.length > 0 && isOfTokens(verdict)) {
      // The caller gave no tokens: what the client keeps for it must not be in its way. Whether the region holds it is not known.
      tokens.forget(call.path, recalled.tokens);
      return unshown(await this.exchange(endpoint, call, [], signal));
    }
    if (verdict.kind === 'ok' && !verdict.stale) tokens.held(call.path, region, recalled.tokens);
    return recalled.more ? unshown(verdict) : verdict;
  }

  async healthy(endpoint: Endpoint): Promise<boolean> {
    const { status, body } = await this.look(endpoint, HEALTH_PATH);
    const health: unknown = JSON.parse(body);
    return status === 200 && isObject(health) && health['verdict'] === 'pass';
  }

  async regions(endpoint: Endpoint): Promise<Pick<Regions, 'regions'>> {
    const { status, body } = await this.look(endpoint, REGIONS_PATH);
    const view: Regions = JSON.parse(body);
    if (status !== 200 || !isObject(view) || !Array.isArray(view.regions) || !view.regions.every(isObject))
      throw new Error(`${endpoint.region} answered ${status} to ${REGIONS_PATH}, without regions`);
    return view;
  }

  private async exchange(endpoint: Endpoint, call: Call, tokens: readonly string[], signal: AbortSignal): Promise<Verdict> {
    const { region, url } = endpoint;
    try {
      const { method, path, body } = call;
      const headers: Record<string, string> = { ...call.headers, ...(tokens.length === 0 ? {} : { 'tandem-token': tokens.join(',') }) };
      const answer = await this.props.fetch(`${url}${path}`, {
        method,
        headers,
        signal,
        redirect: 'error',
        ...(body === undefined ? {} : { body }),
      });
      const verdict = readAnswer(answer, await readBody(answer), { ...call, region });
      if (answer.headers.get('tandem-region') === region) this.props.heard(namesIn(answer.headers.get('tandem-evacuated')));
      return verdict;
    } catch (error) {
      return readError(error);
    }
  }

  /** A request of the client's own. @throws {Error} when it is not that region that answers */
  private async look({ region, url }: Endpoint, path: string): Promise<{ readonly status: number; readonly body: string }> {
    const signal = AbortSignal.timeout(this.props.timeoutMs);
    const answer = await this.props.fetch(`${url}${path}`, {
      method: 'GET',
      headers: { accept: 'application/json' },
      signal,
      redirect: 'error',
    });
    const body = await readBody(answer);
    if (answer.headers.get('tandem-region') !== region) throw new Error(`${url}${path} was not answered by ${region}`);
    return { status: answer.status, body };
  }
}

/** A refusal that is about the tokens, or that does not say what it is about. */
const isOfTokens = (verdict: Verdict): boolean => {
  if (verdict.kind !== 'refused' || verdict.problem.status !== 400) return false;
  const { errors } = verdict.problem;
  return errors === undefined || JSON.stringify(errors).includes('tandem-token');
};

/** Not all that the caller was told was asked for. */
const unshown = (verdict: Verdict): Verdict => (verdict.kind === 'failed' ? verdict : { ...verdict, stale: true });

const namesIn = (list: string | null): readonly string[] => (list ?? '').split(',').flatMap((name) => name.trim() || []);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
