/** Who a cell's canary is, and its clock. */
import type { Traveller } from '../canary/journey.ts';
import type { PatientClock } from '../canary/transport.ts';
import { canarySku, canarySubject } from '../core/synthetic.ts';
import { CanaryToken, kmsClient } from './canary-token.ts';
import type { Environment } from './environment.ts';

export const patientClock: PatientClock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Tokens of a cell's canary. Make it once for an execution environment. */
export const canaryToken = (keyArn: string, region: string): CanaryToken =>
  new CanaryToken({ client: kmsClient(), keyArn, region }, patientClock);

/** @throws {Error} of KMS, when it does not sign */
export const traveller = async ({ region, auth }: Pick<Environment, 'region' | 'auth'>, token: CanaryToken): Promise<Traveller> => ({
  subject: canarySubject(region),
  sku: canarySku(region),
  token: await token.get(),
  open: auth.mode === 'none',
});
