import { type AuthSettings, DELIVERY_ENV, type DeliveryEnvName, ENV, type EnvName } from '../functions/contract/names.ts';
import type { Config } from './config.ts';

/**
 * Exactly the variables of the contract: the mapped type makes a missing or misspelt one a compile error. The same in
 * every region, so that no region is configured apart from the others.
 */
export const environment = (config: Config, release: string): Record<EnvName, string> => ({
  [ENV.regions]: config.regions.map(({ name }) => name).join(','),
  [ENV.auth]: JSON.stringify(authSettings(config.auth)),
  [ENV.drainSeconds]: String(config.health.drainSeconds),
  [ENV.replicatedDeadlineMs]: String(config.callers.replicatedDeadlineMs),
  [ENV.tokenWaitMs]: String(config.callers.tokenWaitMs),
  [ENV.release]: release,
  [ENV.domain]: config.domain?.name ?? '',
  [ENV.corsOrigins]: config.cors.origins.join(','),
});

const authSettings = (auth: Config['auth']): AuthSettings =>
  typeof auth === 'string' ? { mode: auth } : { mode: 'oidc', issuer: auth.issuer, audience: auth.audience };

/** What each of these functions reads of `DELIVERY_ENV`, beside all of `ENV`. */
interface Read {
  readonly canary: 'canaryKey' | 'apiUrl' | 'bakeAlarms' | 'ignoreAlarms';
  readonly 'before-traffic': 'canaryKey' | 'apiFunction' | 'candidate' | 'ignoreAlarms';
  readonly 'after-traffic': 'candidate' | 'bakeMinutes';
  readonly 'deployment-events': 'prunedFunctions';
  readonly 'canary-identity': 'canaryKey';
  readonly 'first-journey': 'canaryKey' | 'apiFunction' | 'candidate';
  readonly 'backup-watch': 'restoreTestPlan' | 'copyVault';
}

/** The variables of one of these functions: one that is missing, misspelt or read by nobody is a compile error. */
export const deliveryEnvironment = <Handler extends keyof Read>(
  values: Readonly<Record<Read[Handler], string>>,
): Readonly<Partial<Record<DeliveryEnvName, string>>> => {
  const given = new Map(Object.entries<string>(values));
  return Object.fromEntries(
    Object.entries(DELIVERY_ENV).flatMap(([name, variable]) => {
      const value = given.get(name);
      return value === undefined ? [] : [[variable, value]];
    }),
  );
};
