/**
 * The canary's identity: a KMS key of its cell that never leaves KMS. Its public half is registered in the control table,
 * for this region's canary as the only subject; a token is signed seldom and kept.
 */
import { createHash, createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { TOKEN } from '../contract/names.ts';
import type { Scope } from '../contract/routes.ts';
import type { RegisteredKey } from '../core/keys.ts';
import type { Clock } from '../core/store.ts';
import { CANARY_SCOPES, canaryKid, canarySubject } from '../core/synthetic.ts';
import { clientLimits } from './client-limits.ts';

const TOKEN_SECONDS = 600;
/** Milliseconds before a token's end at which the next one is signed: longer than any journey or trial with it takes. */
const RENEW_MS = 300_000;
/** Registered keys end. This one is removed by an operator, or ends with its cell. */
const KEY_EXPIRES_MS = Date.UTC(2100, 0, 1);
/** Bytes of each of the two numbers of a P-256 signature. */
const NUMBER_BYTES = 32;

export interface CanaryKey {
  readonly client: KMSClient;
  readonly keyArn: string;
  readonly region: string;
}

export const kmsClient = (): KMSClient => new KMSClient(clientLimits());

/** Made once for an execution environment. */
export class CanaryToken {
  readonly #key: CanaryKey;
  readonly #clock: Clock;
  #kept: { readonly token: string; readonly expiresAtMs: number } | undefined;

  constructor(key: CanaryKey, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** @throws {Error} of KMS, when it does not sign */
  async get(): Promise<string> {
    const nowMs = this.#clock.now();
    if (this.#kept && this.#kept.expiresAtMs - nowMs > RENEW_MS) return this.#kept.token;
    const exp = Math.floor(nowMs / 1_000) + TOKEN_SECONDS;
    const token = await this.#sign(exp);
    this.#kept = { token, expiresAtMs: exp * 1_000 };
    return token;
  }

  async #sign(exp: number): Promise<string> {
    const { client, keyArn, region } = this.#key;
    const header = { alg: TOKEN.algorithm, typ: 'JWT', kid: canaryKid(region, keyArn) };
    const claims = { iss: TOKEN.issuer, aud: TOKEN.audience, sub: canarySubject(region), scope: CANARY_SCOPES.join(' '), exp };
    const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const { Signature } = await client.send(
      new SignCommand({
        KeyId: keyArn,
        Message: createHash('sha256').update(signed).digest(),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      }),
    );
    if (Signature === undefined) throw new Error('KMS answered without a signature');
    return `${signed}.${joseSignature(Buffer.from(Signature)).toString('base64url')}`;
  }
}

/**
 * KMS gives DER, a sequence of two signed numbers of any length; a token has two unsigned ones of 32 bytes, side by side.
 * https://www.rfc-editor.org/rfc/rfc7518#section-3.4
 *
 * @throws {RangeError} for what is no such sequence
 */
export const joseSignature = (der: Buffer): Buffer => {
  const first = numberAt(der, 2);
  const second = numberAt(der, first.end);
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || second.end !== der.length)
    throw new RangeError('the signature is no DER sequence of two numbers');
  return Buffer.concat([first.bytes, second.bytes]);
};

const numberAt = (der: Buffer, start: number): { readonly bytes: Buffer; readonly end: number } => {
  const end = start + 2 + (der[start + 1] ?? 0);
  const digits = der.subarray(start + 2, end);
  const bytes = digits[0] === 0 ? digits.subarray(1) : digits;
  if (der[start] !== 0x02 || bytes.length > NUMBER_BYTES || end > der.length)
    throw new RangeError('the signature holds what is no number of 32 bytes');
  return { bytes: Buffer.concat([Buffer.alloc(NUMBER_BYTES - bytes.length), bytes]), end };
};

/** The key as it is registered: for this region's canary, and nobody else. */
export const canaryRegistration = async ({ client, keyArn, region }: CanaryKey): Promise<RegisteredKey> => {
  const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: keyArn }));
  if (PublicKey === undefined) throw new Error(`KMS has no public half of ${keyArn}`);
  const { kty, crv, x, y } = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  return {
    kid: canaryKid(region, keyArn),
    publicJwk: JSON.stringify({ kty, crv, x, y }),
    algorithm: TOKEN.algorithm,
    issuer: TOKEN.issuer,
    audience: TOKEN.audience,
    scopes: CANARY_SCOPES satisfies readonly Scope[],
    subjects: [canarySubject(region)],
    expiresAtMs: KEY_EXPIRES_MS,
  };
};
