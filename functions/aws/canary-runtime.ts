/** What the functions that deliver versions are made of beside `Runtime`: who the canary is, and what it writes down. */
import type { Traveller } from '../canary/journey.ts';
import type { PatientClock } from '../canary/transport.ts';
import { foldControl, REGIONS_KEY } from '../core/operations.ts';
import type { Store } from '../core/store.ts';
import { canarySku, canarySubject } from '../core/synthetic.ts';
import { writerName } from '../core/writer.ts';
import { CanaryToken, kmsClient } from './canary-token.ts';
import type { Environment } from './environment.ts';

export const patientClock: PatientClock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Name under which a region writes. From the control table alone: what is recorded must not need the data table. */
export const writerOfRegion = async (control: Pick<Store, 'query'>, region: string): Promise<string> =>
  writerName(foldControl(region, await control.query(REGIONS_KEY)));

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
