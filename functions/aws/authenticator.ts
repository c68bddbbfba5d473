/**
 * Who calls: bearer tokens (RFC 6750) that are JWTs (RFC 7519), of a registered key or of the configured OpenID Connect
 * issuer. Everything is pinned by what stands in the table or the configuration, nothing by the token: algorithm, issuer,
 * audience, scopes, subjects, expiry.
 */
import type { Jwk } from 'aws-jwt-verify/jwk';
import { verifyJwtSync } from 'aws-jwt-verify/jwt-verifier';
import { type AuthSettings, TOKEN } from '../contract/names.ts';
import { SCOPES } from '../contract/routes.ts';
import { type Claims, checkClaims, type Grant, type Identified, isKid, type RegisteredKey } from '../core/keys.ts';
import { ANONYMOUS } from '../core/owner.ts';
import { type Clock, type Store, StoreUnavailable } from '../core/store.ts';
import { BoundedCache } from './bounded-cache.ts';
import { KeyUntold } from './budget.ts';
import { type Fetch, IssuerUnavailable, OidcKeys } from './oidc-keys.ts';
import { type PresentedToken, presentedToken } from './presented-token.ts';
import { RegisteredKeys } from './registered-keys.ts';

/** Characters of a token. */
const TOKEN_LENGTH_MAX = 4_096;
/** Tokens whose signature is remembered, so that a caller's next request costs no verification. */
const TOKENS_MAX = 500;
/** Seconds that an issuer's clock may be ahead when it says from when a token counts. */
const NOT_BEFORE_GRACE_SECONDS = 5;

export interface AuthenticatorProps {
  readonly settings: AuthSettings;
  readonly control: Pick<Store, 'query'>;
  readonly clock: Clock;
  /** For the OpenID Connect issuer's documents. @default fetch */
  readonly fetch?: Fetch;
}

/** What signs a token, and what it may claim. */
interface Authority {
  /** Changes when anything of the authority does. */
  readonly id: string;
  /** Keys of one name: the signature is one of theirs. */
  readonly jwks: readonly Jwk[];
  readonly audience: string;
  readonly grant: Grant;
}

export class Authenticator {
  readonly #props: AuthenticatorProps;
  readonly #registered: RegisteredKeys;
  readonly #oidc: { readonly issuer: string; readonly audience: string; readonly keys: OidcKeys } | undefined;
  /** Tokens whose signature was right: under which authority, and with which claims. */
  readonly #verified = new BoundedCache<{ readonly presented: PresentedToken; readonly authority: string; readonly claims: Claims }>(
    TOKENS_MAX,
  );

  constructor(props: AuthenticatorProps) {
    this.#props = props;
    this.#registered = new RegisteredKeys(props.control, props.clock);
    const { settings } = props;
    this.#oidc = settings.mode === 'oidc' ? { ...settings, keys: new OidcKeys(settings.issuer, props.clock, props.fetch) } : undefined;
  }

  async identify(authorization: string | undefined): Promise<Identified> {
    if (this.#props.settings.mode !== 'none') return this.#bearer(authorization);
    // A registered key's token still names its subject, so that canaries stay apart from everybody else.
    const named = authorization === undefined ? undefined : await this.#bearer(authorization);
    return named === undefined || named.kind === 'refused' ? ANYBODY : named;
  }

  async #bearer(authorization: string | undefined): Promise<Identified> {
    if (authorization === undefined) return refused('there is no Authorization header; send "Bearer TOKEN"');
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
    if (token === undefined || token.length > TOKEN_LENGTH_MAX)
      return refused(`the Authorization header is no bearer token of up to ${TOKEN_LENGTH_MAX} characters`);
    try {
      return await this.#identify(token);
    } catch (error: unknown) {
      if (error instanceof StoreUnavailable) return { kind: 'unavailable', detail: 'the keys cannot be read now', cause: error };
      if (error instanceof IssuerUnavailable) return { kind: 'unavailable', detail: error.message, cause: error };
      if (error instanceof KeyUntold) return { kind: 'untold', detail: error.message };
      throw error;
    }
  }

  async #identify(token: string): Promise<Identified> {
    const known = this.#verified.get(token);
    const presented = known?.presented ?? presentedToken(token);
    if (!presented) return refused('the token is no JWT of a kind that is read here, or does not name its key');
    // No key makes it right, so none is looked for.
    if (presented.expires === undefined) return refused('the token does not expire; allowed: one with an "exp"');
    if (presented.expires * 1_000 <= this.#props.clock.now()) return refused('the token is expired');
    const authority = await this.#authorityOf(presented);
    if (!authority) return refused('the key of the token is not known here, or removed, or not for this algorithm');
    const claims = known?.authority === authority.id ? known.claims : claimsOf(token, authority);
    if (!claims) return refused('the signature, issuer or audience of the token is wrong, or it does not count at this time');
    this.#verified.set(token, { presented, authority: authority.id, claims });
    const check = checkClaims(claims, authority.grant, this.#props.clock.now());
    return check.ok ? { kind: 'identified', identity: check.identity } : refused(check.detail);
  }

  async #authorityOf({ kid, issuer, algorithm }: PresentedToken): Promise<Authority | undefined> {
    if (this.#oidc && issuer === this.#oidc.issuer) {
      const jwks = await this.#oidc.keys.find(kid, algorithm);
      const authority = { kind: 'oidc', issuer } as const;
      const grant = { authority, scopes: SCOPES, subjects: ['*'], expiresAtMs: Number.MAX_SAFE_INTEGER };
      return jwks.length === 0 ? undefined : { id: JSON.stringify(jwks), jwks, audience: this.#oidc.audience, grant };
    }
    // Asked before the table is: no registered key is for another algorithm.
    const key = isKid(kid) && algorithm === TOKEN.algorithm ? await this.#registered.find(kid) : undefined;
    const jwk = key && jwkOf(key);
    if (!key || !jwk) return undefined;
    const kind = key.issuer === TOKEN.issuer ? 'own' : 'registered';
    const { scopes, subjects, expiresAtMs } = key;
    const grant = { authority: { kind, issuer: key.issuer }, scopes, subjects, expiresAtMs } as const;
    return { id: `${key.publicJwk} ${key.issuer} ${key.audience}`, jwks: [jwk], audience: key.audience, grant };
  }
}

/** Who calls where everybody may. */
const ANYBODY: Identified = { kind: 'identified', identity: { subject: ANONYMOUS, scopes: SCOPES } };

const refused = (detail: string): Identified => ({ kind: 'refused', detail });

const claimsOf = (token: string, { jwks, audience, grant }: Authority): Claims | undefined => {
  const { issuer } = grant.authority;
  for (const jwk of jwks)
    try {
      const { sub, scope, exp } = verifyJwtSync(token, jwk, { issuer, audience, graceSeconds: NOT_BEFORE_GRACE_SECONDS });
      return { sub, scope, exp };
    } catch {
      // Another key of the name may have signed it.
    }
  return undefined;
};

const jwkOf = ({ publicJwk, kid, algorithm }: RegisteredKey): Jwk | undefined => {
  try {
    const { kty, crv, x, y }: Record<string, unknown> = JSON.parse(publicJwk);
    const isP256 = kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string';
    return isP256 ? { kty, crv, x, y, kid, alg: algorithm } : undefined;
  } catch {
    return undefined;
  }
};
