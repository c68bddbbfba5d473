/**
 * How a region's emulator is asked: where it is, what lets a request in, and the settings of SDK clients, which are made in
 * this one place. All that an SDK would look for in the user's environment, profiles and files is said here, so that no setting
 * of the shell for AWS reaches this machine's own processes.
 * https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */

/** Carries the secret where nothing is signed; the emulator never sees it. */
export const SECRET_HEADER = 'tandem-local-secret';

export interface EmulatorAddress {
  /** Of the region. */
  readonly name: string;
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How patient a caller is. */
export interface CallLimits {
  readonly attemptsMax: number;
  readonly connectMs: number;
  /** To the head of the answer. */
  readonly requestMs: number;
  /** Open connections. */
  readonly socketsMax?: number;
}

/** A frozen region must not hang whoever asks it. */
const USUAL: CallLimits = { attemptsMax: 2, connectMs: 2_000, requestMs: 10_000 };
/** The SDK's own number. */
const SOCKETS_MAX = 50;
/** The SDK's own number: with compression off nobody asks for it, and it would be looked for. */
const COMPRESSED_BYTES_MIN = 10_240;

/** @param limits @default two attempts of 10 s */
export const clientOptions = (
  { name, endpoint, accessKeyId, secretAccessKey }: EmulatorAddress,
  { attemptsMax, connectMs, requestMs, socketsMax = SOCKETS_MAX }: CallLimits = USUAL,
) => ({
  region: name,
  endpoint,
  credentials: { accessKeyId, secretAccessKey },
  maxAttempts: attemptsMax,
  retryMode: 'standard',
  defaultsMode: 'standard' as const,
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  accountIdEndpointMode: 'disabled' as const,
  endpointDiscoveryEnabled: false,
  authSchemePreference: [],
  sigv4aSigningRegionSet: [name],
  disableClockSkewCorrection: true,
  disableRequestCompression: true,
  requestMinCompressionSizeBytes: COMPRESSED_BYTES_MIN,
  userAgentAppId: 'tandem',
  requestHandler: {
    connectionTimeout: connectMs,
    requestTimeout: requestMs,
    // Between two pieces of an answer's body.
    socketTimeout: requestMs,
    throwOnRequestTimeout: true,
    // Agents of its own: Node's global one goes through the proxy of the environment where that is asked for.
    httpAgent: { keepAlive: true, maxSockets: socketsMax },
    httpsAgent: { keepAlive: true, maxSockets: socketsMax },
  },
});
