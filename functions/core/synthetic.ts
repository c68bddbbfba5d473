/**
 * Synthetic callers: the cells' canaries. They make real journeys through the API, and what they leave behind must never
 * show to users: they have subjects and skus of their own, and their orders expire.
 *
 * Facts never expire, with this one exception. TTL deletes item by item, in no order and up to days late, so what ends a
 * reservation must outlive what made it: an order whose end is gone and whose beginning is not would be open again, and
 * its stock given back twice.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
 */
import { hashOf } from './hash.ts';

/** The attribute by which the table expires an item: `KEYS.ttl` of the contract. */
export const EXPIRES = 'expires';

const SUBJECT_PREFIX = 'canary:';
const SKU_PREFIX = 'canary.';
const KID_PREFIX = 'canary-';

/** What a journey needs. It ships nothing. */
export const CANARY_SCOPES = ['orders:read', 'orders:write', 'stock:write'] as const;

const DAY_SECONDS = 86_400;
/** What a canary's order leaves, but for its ends: as long as a person may want to look at a failed journey. */
const FACT_SECONDS = 2 * DAY_SECONDS;
/** Its ends: longer by more than TTL takes. */
const END_SECONDS = FACT_SECONDS + 14 * DAY_SECONDS;

/** The subject of a region's canary. */
export const canarySubject = (region: string): string => `${SUBJECT_PREFIX}${region}`;
export const canarySku = (region: string): string => `${SKU_PREFIX}${region}`;
/** Names the key that a region's canary signs with. Another key has another name, because a removed name never comes back. */
export const canaryKid = (region: string, keyArn: string): string => `${KID_PREFIX}${region}-${hashOf(keyArn).slice(0, 8)}`;

export const isCanaryKid = (kid: string): boolean => kid.startsWith(KID_PREFIX);
/** The region of the canary that a key signs for, by its name alone: a region's role may write each key of such a name, and no other. */
export const regionOfCanaryKid = (kid: string): string | undefined => /^canary-([a-z]{2}(?:-[a-z]+)+-\d)-/.exec(kid)?.[1];

export const isSynthetic = (subject: string): boolean => subject.startsWith(SUBJECT_PREFIX);

export const isSyntheticSku = (sku: string): boolean => sku.startsWith(SKU_PREFIX);

/** Synthetic callers may name their own kind of skus and no other, users any but these. */
export const mayName = (subject: string, sku: string): boolean => isSynthetic(subject) === isSyntheticSku(sku);

/** When what a subject's order leaves expires, in seconds since 1970, as an attribute to spread; none: never. */
export const expiring = (subject: string, kind: 'fact' | 'end', nowMs: number): { readonly [EXPIRES]?: number } =>
  isSynthetic(subject) ? { [EXPIRES]: Math.ceil(nowMs / 1_000) + (kind === 'fact' ? FACT_SECONDS : END_SECONDS) } : {};
