/** Signing keys on the operator's machine: one file a key, readable by its owner only. The public half goes to the control table. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { SCOPES, type Scope } from '../../functions/contract/routes.ts';
import { messageOf, UserError } from '../errors.ts';
import { tandem } from '../tandem.ts';

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const publicKey = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: base64url, y: base64url });

const schema = z.strictObject({
  kid: z.string().regex(/^[0-9a-f]{16}$/),
  /** Which deployment knows the public half: keys of the laptop never open the one on AWS. */
  target: z.enum(['local', 'aws']),
  subjects: z.array(z.string().min(1)).min(1),
  scopes: z.array(z.enum(SCOPES)).min(1),
  addedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  privateKey: z.strictObject({ ...publicKey.shape, d: base64url }),
});

/** A key with its private half. */
export type KeyFile = z.output<typeof schema>;
export type KeyTarget = KeyFile['target'];
export type PublicKey = z.output<typeof publicKey>;

export interface KeyGrant {
  readonly target: KeyTarget;
  readonly subjects: readonly string[];
  readonly scopes: readonly Scope[];
  readonly days: number;
}

const DAY_MS = 86_400_000;

/** A new P-256 pair, named by the hash of its public half. */
export const makeKey = (grant: KeyGrant, nowMs: number): KeyFile => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = pair.privateKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(`${privateKey.x}.${privateKey.y}`).digest('hex').slice(0, 16);
  const [addedAt, expiresAt] = [nowMs, nowMs + grant.days * DAY_MS].map((ms) => new Date(ms).toISOString());
  return schema.parse({ kid, target: grant.target, subjects: grant.subjects, scopes: grant.scopes, addedAt, expiresAt, privateKey });
};

/** The half that may be seen. */
export const publicHalf = ({ privateKey: { kty, crv, x, y } }: KeyFile): PublicKey => ({ kty, crv, x, y });

const pathOf = (folder: string, kid: string) => join(folder, `${kid}.json`);

/** Writes `KID.json`, whole or not at all, mode 0600. */
export const saveKey = (folder: string, key: KeyFile): string => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = pathOf(folder, key.kid);
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify(key, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return path;
};

/** Every key of the folder, newest first. @throws {UserError} naming a damaged file */
export const readKeys = (folder: string): readonly KeyFile[] => {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return names.map((name) => readKey(join(folder, name))).sort((a, b) => (a.addedAt < b.addedAt ? 1 : -1));
};

const readKey = (path: string): KeyFile => {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UserError(
      `${path} is no key: ${detail.replaceAll('\n', ' ')}; delete it and add a new one with \`${tandem('keys', 'add', '--yes')}\``,
    );
  }
};

export const deleteKey = (folder: string, kid: string): void => rmSync(pathOf(folder, kid), { force: true });

/** The newest key of a target that has not expired. */
export const usableKey = (keys: readonly KeyFile[], target: KeyTarget, nowMs: number): KeyFile | undefined =>
  keys.find((key) => key.target === target && Date.parse(key.expiresAt) > nowMs);
