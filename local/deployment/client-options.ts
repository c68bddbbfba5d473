/** Of SDK clients for a region's emulator. */

export interface EmulatorAddress {
  /** Of the region. */
  readonly name: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
}

const CONNECT_MS = 2_000;
const REQUEST_MS = 10_000;
const ATTEMPTS_MAX = 2;

/** A frozen region must not hang whoever asks it. */
export const clientOptions = ({ name, endpoint, accessKeyId }: EmulatorAddress) => ({
  region: name,
  endpoint,
  credentials: { accessKeyId, secretAccessKey: 'local' },
  maxAttempts: ATTEMPTS_MAX,
  requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: REQUEST_MS, throwOnRequestTimeout: true },
});
