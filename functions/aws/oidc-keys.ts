import type { Jwk } from 'aws-jwt-verify/jwk';
import type { Clock } from '../core/store.ts';
import { BoundedCache } from './bounded-cache.ts';
import { type Allowance, Budget, isYounger, KeyUntold } from './budget.ts';
import { inTime } from './in-time.ts';

/** Milliseconds after which the issuer's keys are fetched again, beside the requests that use them. */
const RENEW_MS = 1_800_000;
/** Milliseconds after which a request gives the issuer a moment first: what it has withdrawn counts no longer while it answers. */
const KEYS_AGE_MS_MAX = 3_600_000;
/** That moment, in milliseconds. */
const RENEWAL_WAIT_MS = 200;
/** Milliseconds between renewals that failed. */
const RETRY_MS_MIN = 30_000;
/** Milliseconds for both documents. */
const FETCH_MS = 1_500;
/** Bytes of one document. */
const DOCUMENT_BYTES_MAX = 262_144;
/** Keys that are kept of a set: its first ones that are fit. */
const KEYS_MAX = 1_000;

/** Fetches for kids that are not among the known keys: callers choose kids, and must not choose the issuer's load. */
export const UNKNOWN_KIDS: Allowance = { atOnce: 3, perSecond: 0.1 };

export type Fetch = (url: string, init: { readonly signal: AbortSignal; readonly redirect: 'error' }) => Promise<Response>;

/** The issuer did not answer, and its keys are not known. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

/** A key of the issuer, with the algorithms that it may sign with. */
interface Known {
  readonly jwk: Jwk;
  readonly algorithms: readonly string[];
}

/**
 * The keys of an OpenID Connect issuer, by its discovery document. When the issuer is down the last known keys serve on:
 * an outage at the identity provider is none of this system.
 * https://openid.net/specs/openid-connect-discovery-1_0.html
 */
export class OidcKeys {
  readonly #issuer: string;
  readonly #clock: Clock;
  readonly #fetch: Fetch;
  readonly #budget: Budget;
  /** By kid: a set may give one name to several keys. */
  #known: ReadonlyMap<string, readonly Known[]> = new Map();
  /** Kids that the issuer had and has no more: of these it can be told. */
  readonly #withdrawn = new BoundedCache<true>(KEYS_MAX);
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;

  constructor(issuer: string, clock: Clock, fetcher: Fetch = fetch) {
    this.#issuer = issuer;
    this.#clock = clock;
    this.#fetch = fetcher;
    this.#budget = new Budget(UNKNOWN_KIDS, clock);
  }

  /**
   * The keys of this name that may sign by this algorithm. None only where the issuer says so: by an answer to a question
   * that was asked after the token came, or because it has withdrawn the key.
   *
   * @throws {IssuerUnavailable} @throws {KeyUntold} when the budget is used up
   */
  async find(kid: string, algorithm: string | undefined): Promise<readonly Jwk[]> {
    if (this.#known.has(kid)) await this.#renew();
    else if (this.#withdrawn.get(kid) === undefined) await this.#search(kid);
    return (this.#known.get(kid) ?? []).flatMap(({ jwk, algorithms }) => (algorithms.some((each) => each === algorithm) ? [jwk] : []));
  }

  /** A request whose key is known waits for no issuer that does not answer at once. */
  async #renew(): Promise<void> {
    const nowMs = this.#clock.now();
    if (isYounger(this.#fetchedAtMs, nowMs, RENEW_MS) || isYounger(this.#triedAtMs, nowMs, RETRY_MS_MIN)) return;
    const renewal = this.#load().catch(() => undefined);
    if (!isYounger(this.#fetchedAtMs, nowMs, KEYS_AGE_MS_MAX)) await inTime(renewal, RENEWAL_WAIT_MS).catch(() => undefined);
  }

  async #search(kid: string): Promise<void> {
    if (this.#underWay !== undefined) {
      // What it brings may be older than the key: it can say yes, not no.
      await this.#underWay.catch(() => undefined);
      if (this.#known.has(kid)) return;
    }
    if (this.#underWay === undefined && !this.#budget.take())
      throw new KeyUntold('the key of the token is not known yet, and the identity provider was asked for such just now');
    try {
      await this.#load();
    } catch (error: unknown) {
      throw new IssuerUnavailable('the identity provider does not answer', { cause: error });
    }
  }

  #load(): Promise<void> {
    this.#underWay ??= inTime(this.#fetched(), FETCH_MS).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #fetched(): Promise<void> {
    this.#triedAtMs = this.#clock.now();
    // One time for both documents.
    const signal = AbortSignal.timeout(FETCH_MS);
    // Loaded for them: a function that trusts registered keys starts without.
    const { discovery, jwks, fitOf, algorithmsOf } = await import('./oidc-shapes.ts');
    const found = discovery.parse(await this.#json(`${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal));
    if (found.issuer !== this.#issuer) throw new Error(`the discovery document names the issuer ${found.issuer}, allowed: ${this.#issuer}`);
    const { keys } = jwks.parse(await this.#json(found.jwks_uri, signal));
    // Keys of kinds that are not known here are none of ours; they must not hide the others.
    const fit = keys.flatMap((key) => fitOf(key) ?? []).slice(0, KEYS_MAX);
    const known = Map.groupBy(
      fit.map((key) => ({ kid: key.kid, jwk: { ...key }, algorithms: algorithmsOf(key) })),
      ({ kid }) => kid,
    );
    for (const kid of this.#known.keys()) if (!known.has(kid)) this.#withdrawn.set(kid, true);
    for (const kid of known.keys()) this.#withdrawn.delete(kid);
    this.#known = known;
    this.#fetchedAtMs = this.#clock.now();
  }

  async #json(url: string, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#fetch(url, { signal, redirect: 'error' });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of answer.body ?? []) {
      bytes += part.length;
      if (bytes > DOCUMENT_BYTES_MAX) throw new Error(`${url} answered more than the ${DOCUMENT_BYTES_MAX} bytes that are allowed`);
      parts.push(part);
    }
    return JSON.parse(Buffer.concat(parts).toString());
  }
}
