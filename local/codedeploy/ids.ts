/** Ids as CodeDeploy gives them. */
import { randomBytes, randomInt } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const LENGTH = 9;

/** Such as `d-A1B2C3D4E`. */
export const newDeploymentId = (): string =>
  `d-${Array.from({ length: LENGTH }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('')}`;

export const isDeploymentId = (value: unknown): value is string => typeof value === 'string' && /^d-[A-Z0-9]{9}$/.test(value);

/** What a hook answers with; nobody else can guess it. */
export const newHookExecutionId = (): string => randomBytes(48).toString('base64url');
