/** What a function is told by its environment, read once; everything that is missing or wrong is named at once. */
import * as z from 'zod/mini';
import { type AuthSettings, ENV } from '../contract/names.ts';

export interface Environment {
  readonly region: string;
  readonly regions: readonly string[];
  readonly auth: AuthSettings;
  readonly drainMs: number;
  /** Lambda's version of this function. */
  readonly functionVersion: string;
  /** Release and function version: what answers and heartbeats show. */
  readonly version: string;
  /** Shared name of the API; undefined without a domain. */
  readonly domain: string | undefined;
}

const auth = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('none') }),
  z.strictObject({ mode: z.literal('keys') }),
  z.strictObject({ mode: z.literal('oidc'), issuer: z.string(), audience: z.string() }),
]);

const variables = z.object({
  AWS_REGION: z.string(),
  AWS_LAMBDA_FUNCTION_VERSION: z.string(),
  [ENV.regions]: z.string().check(z.regex(/^[a-z0-9-]+(,[a-z0-9-]+)*$/)),
  [ENV.auth]: z.pipe(
    z.pipe(
      z.string(),
      z.transform((text) => parsed(text)),
    ),
    auth,
  ),
  [ENV.drainSeconds]: z.string().check(z.regex(/^\d{1,4}$/)),
  [ENV.release]: z.string().check(z.minLength(1)),
  [ENV.domain]: z.string(),
});

/** @throws {Error} naming every variable that is missing or wrong */
export const readEnvironment = (env: Readonly<Record<string, string | undefined>>): Environment => {
  const result = variables.safeParse(env);
  if (!result.success) {
    const problems = result.error.issues.map(({ path }) => `${String(path[0])} is ${env[String(path[0])] === undefined ? 'missing' : 'wrong'}`);
    throw new Error(`the environment has problems: ${problems.join(', ')}; redeploy the stack`);
  }
  const { data } = result;
  const functionVersion = data.AWS_LAMBDA_FUNCTION_VERSION;
  return {
    region: data.AWS_REGION,
    regions: data[ENV.regions].split(','),
    auth: data[ENV.auth],
    drainMs: Number(data[ENV.drainSeconds]) * 1000,
    functionVersion,
    version: `${data[ENV.release]}+${functionVersion}`,
    domain: data[ENV.domain] === '' ? undefined : data[ENV.domain],
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
