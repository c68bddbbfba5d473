/** What a function is told by its environment, read once; everything that is missing or wrong is named at once. */
import { type AuthSettings, ENV, PEER_ENDPOINTS_ENV } from '../contract/names.ts';

export interface Environment {
  readonly region: string;
  readonly regions: readonly string[];
  readonly auth: AuthSettings;
  readonly drainMs: number;
  readonly replicatedDeadlineMs: number;
  readonly tokenWaitMs: number;
  /** Lambda's version of this function. */
  readonly functionVersion: string;
  /** Release and function version: what answers and heartbeats show. */
  readonly version: string;
  /** Shared name of the API; undefined without a domain. */
  readonly domain: string | undefined;
  /** Whose pages may call. */
  readonly origins: readonly string[];
  /** Where DynamoDB of a region is that is not where AWS has it; empty on AWS. */
  readonly peerEndpoints: Readonly<Record<string, string>>;
}

/** Whole numbers, from 0. */
const WHOLE = [ENV.drainSeconds, ENV.replicatedDeadlineMs, ENV.tokenWaitMs] as const;
const NAMES = ['AWS_REGION', 'AWS_LAMBDA_FUNCTION_VERSION', ...Object.values(ENV)] as const;

/** @throws {Error} naming every variable that is missing or wrong */
export const readEnvironment = (env: Readonly<Record<string, string | undefined>>): Environment => {
  const text = (name: (typeof NAMES)[number]): string => env[name] ?? '';
  const auth = authOf(text(ENV.auth));
  const peerEndpoints = endpointsOf(env[PEER_ENDPOINTS_ENV]);
  const missing = NAMES.filter((name) => env[name] === undefined).map((name) => `${name} is missing`);
  const wrong = [
    ...(env[ENV.auth] !== undefined && auth === undefined ? [`${ENV.auth} is wrong`] : []),
    ...(peerEndpoints === undefined ? [`${PEER_ENDPOINTS_ENV} is wrong`] : []),
    ...WHOLE.flatMap((name) => (isWhole(env[name]) ? [] : [`${name} is wrong`])),
  ];
  if (missing.length + wrong.length > 0 || auth === undefined || peerEndpoints === undefined)
    throw new Error(`the environment has problems: ${[...missing, ...wrong].join(', ')}; redeploy the stack`);
  const functionVersion = text('AWS_LAMBDA_FUNCTION_VERSION');
  return {
    region: text('AWS_REGION'),
    regions: text(ENV.regions).split(','),
    auth,
    drainMs: Number(text(ENV.drainSeconds)) * 1000,
    replicatedDeadlineMs: Number(text(ENV.replicatedDeadlineMs)),
    tokenWaitMs: Number(text(ENV.tokenWaitMs)),
    functionVersion,
    version: `${text(ENV.release)}+${functionVersion}`,
    domain: text(ENV.domain) === '' ? undefined : text(ENV.domain),
    origins: text(ENV.corsOrigins).split(',').filter(Boolean),
    peerEndpoints,
  };
};

const isWhole = (text: string | undefined): boolean =>
  text === undefined || (text !== '' && Number.isSafeInteger(Number(text)) && Number(text) >= 0);

/** By hand: a schema would cost each cold start more than it says. */
const authOf = (text: string): AuthSettings | undefined => {
  const given = parsed(text);
  if (typeof given !== 'object' || given === null || !('mode' in given)) return undefined;
  if (given.mode === 'none' || given.mode === 'keys') return { mode: given.mode };
  if (given.mode !== 'oidc' || !('issuer' in given) || !('audience' in given)) return undefined;
  const { issuer, audience } = given;
  return typeof issuer === 'string' && typeof audience === 'string' ? { mode: 'oidc', issuer, audience } : undefined;
};

const endpointsOf = (text: string | undefined): Readonly<Record<string, string>> | undefined => {
  if (text === undefined) return {};
  const given = parsed(text);
  if (typeof given !== 'object' || given === null) return undefined;
  const pairs = Object.entries(given).flatMap(([region, url]) =>
    typeof url === 'string' && URL.canParse(url) ? [[region, url] as const] : [],
  );
  return pairs.length === Object.keys(given).length ? Object.fromEntries(pairs) : undefined;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
