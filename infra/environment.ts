import { type AuthSettings, ENV, type EnvName } from '../functions/contract/names.ts';
import type { Config } from './config.ts';

/**
 * Exactly the variables of the contract: the mapped type makes a missing or misspelt one a compile error. The same in
 * every region, so that no region is configured apart from the others.
 */
export const environment = (config: Config, release: string): Record<EnvName, string> => ({
  [ENV.regions]: config.regions.map(({ name }) => name).join(','),
  [ENV.auth]: JSON.stringify(authSettings(config.auth)),
  [ENV.drainSeconds]: String(config.health.drainSeconds),
  [ENV.release]: release,
  [ENV.domain]: config.domain?.name ?? '',
});

const authSettings = (auth: Config['auth']): AuthSettings =>
  typeof auth === 'string' ? { mode: auth } : { mode: 'oidc', issuer: auth.issuer, audience: auth.audience };
