/**
 * Whose rows are whose. A subject is a name that its issuer gives, so the owner is issuer *and* subject: what two
 * authorities call by one name are two owners, who share nothing.
 * https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability
 *
 * | owner | of |
 * |---|---|
 * | `SUBJECT` | a registered key of this system's own issuer; canaries are among them |
 * | `issuer:HASH:SUBJECT` | every other authority, and what would look like another owner; HASH is of the authority's kind and issuer |
 * | `anonymous` | everybody, where everybody may call |
 *
 * Keys of one issuer are one authority: a new key takes over what the old one's subjects own.
 */
import { hashOf } from './hash.ts';

/** Everybody, where the configuration lets everybody in: one owner. */
export const ANONYMOUS = 'anonymous';
const PREFIX = 'issuer:';

/** Who vouches for subjects. */
export interface Authority {
  /** `own`: registered keys of this system's issuer. `registered`: those of another. `oidc`: the OpenID Connect issuer. */
  readonly kind: 'own' | 'registered' | 'oidc';
  readonly issuer: string;
}

/** One text for each authority and subject, and no other's. It is part of keys and ids: see docs/evolution.md. */
export const ownerOf = ({ kind, issuer }: Authority, subject: string): string =>
  kind === 'own' && subject !== ANONYMOUS && !subject.startsWith(PREFIX)
    ? subject
    : `${PREFIX}${hashOf('issuer', kind, issuer)}:${subject}`;
