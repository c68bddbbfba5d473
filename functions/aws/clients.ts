import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/** Milliseconds to a connection. Within a region it takes one or two; the rest allows for TLS on a cold, small processor. */
const CONNECT_MS = 500;
/** Milliseconds to an answer's head; the store sets a shorter limit to each attempt, which covers the body too. */
const REQUEST_MS = 2_000;
/** Open connections. One execution environment serves one request at a time, and that reads at most a page of orders at once. */
const SOCKETS_MAX = 64;

/**
 * A client that always comes back: it connects and answers in time or throws (`requestTimeout` alone only warns), and
 * attempts once, because the store alone knows which calls may be repeated.
 * https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/node-reusing-connections.html
 */
export const dynamoClient = (config: DynamoDBClientConfig = {}): DynamoDBClient =>
  new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
    ...config,
  });

/**
 * The same for a function: what the SDK would look for in the environment and in files is said, as Lambda has no such files and
 * a cold start would wait for each to be missing.
 */
export const functionsDynamoClient = (config: DynamoDBClientConfig): DynamoDBClient =>
  dynamoClient({
    defaultsMode: 'standard',
    retryMode: 'standard',
    authSchemePreference: [],
    // An account's own endpoint needs an account id with the credentials, and a role's in Lambda come without.
    accountIdEndpointMode: 'disabled',
    endpointDiscoveryEnabled: false,
    useFipsEndpoint: process.env['AWS_USE_FIPS_ENDPOINT'] === 'true',
    useDualstackEndpoint: process.env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    userAgentAppId: 'tandem',
    ...config,
  });
