import type { Jwk } from 'aws-jwt-verify/jwk';
import type { Clock } from '../core/store.ts';
import type { IssuersKey } from './oidc-shapes.ts';

/** Milliseconds after which the issuer's keys are fetched again. */
const KEYS_AGE_MS_MAX = 3_600_000;
/** Milliseconds between fetches for kids that are not among the known keys: callers choose kids, and must not choose our load. */
const REFETCH_MS_MIN = 30_000;
/** Milliseconds for one document. */
const FETCH_MS = 1_500;
/** Bytes of one document. */
const DOCUMENT_BYTES_MAX = 262_144;

export type Fetch = (url: string, init: { readonly signal: AbortSignal; readonly redirect: 'error' }) => Promise<Response>;

/** The issuer did not answer, and its keys are not known. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
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
  #known: ReadonlyMap<string, IssuersKey> | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;

  constructor(issuer: string, clock: Clock, fetcher: Fetch = fetch) {
    this.#issuer = issuer;
    this.#clock = clock;
    this.#fetch = fetcher;
  }

  /** @throws {IssuerUnavailable} */
  async find(kid: string): Promise<Jwk | undefined> {
    const nowMs = this.#clock.now();
    const due = nowMs - this.#fetchedAtMs >= KEYS_AGE_MS_MAX || !this.#known?.has(kid);
    if (due && (this.#known === undefined || nowMs - this.#triedAtMs >= REFETCH_MS_MIN)) await this.#refresh();
    const key = this.#known?.get(kid);
    return key && { ...key };
  }

  async #refresh(): Promise<void> {
    this.#underWay ??= this.#load().finally(() => {
      this.#underWay = undefined;
    });
    try {
      await this.#underWay;
    } catch (error: unknown) {
      if (this.#known === undefined) throw new IssuerUnavailable('the identity provider does not answer', { cause: error });
    }
  }

  async #load(): Promise<void> {
    this.#triedAtMs = this.#clock.now();
    // Loaded for them: a function that trusts registered keys starts without.
    const { discovery, jwks, jwk } = await import('./oidc-shapes.ts');
    const found = discovery.parse(await this.#json(`${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`));
    if (found.issuer !== this.#issuer) throw new Error(`the discovery document names the issuer ${found.issuer}, allowed: ${this.#issuer}`);
    const { keys } = jwks.parse(await this.#json(found.jwks_uri));
    // Keys of kinds that are not known here are none of ours; they must not hide the others.
    const usable = keys.flatMap((key) => jwk.safeParse(key).data ?? []);
    this.#known = new Map(usable.map((key) => [key.kid, key]));
    this.#fetchedAtMs = this.#clock.now();
  }

  async #json(url: string): Promise<unknown> {
    const answer = await this.#fetch(url, { signal: AbortSignal.timeout(FETCH_MS), redirect: 'error' });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    const body = await answer.text();
    if (body.length > DOCUMENT_BYTES_MAX) throw new Error(`${url} answered ${body.length} characters, allowed: ${DOCUMENT_BYTES_MAX}`);
    return JSON.parse(body);
  }
}
