/**
 * The names that infrastructure, run time and local stand-ins must agree on. A name that is spelt in two places is spelt
 * here; a mapped type makes a misspelt one a compile error.
 */

/** Physical table names: the one resource every region and stack must find without a reference (design: no exports). */
export const TABLES = { data: 'tandem-data', control: 'tandem-control' } as const;

/** Attribute names that table definitions share with the store. */
export const KEYS = {
  partition: 'pk',
  sort: 'sk',
  /** Seconds since 1970; DynamoDB deletes the item some time after. Never set on facts, but for synthetic callers' orders. */
  ttl: 'expires',
  /** Sparse index of a subject's orders: only `PLACED` facts carry its attributes. */
  ownerIndex: { name: 'by-owner', partition: 'owner', sort: 'listed' },
} as const;

/** Physical names of backups, one set in each region: operators, functions and other accounts find them without a reference. */
export const BACKUPS = {
  vault: (region: string): string => `tandem-${region}`,
  plan: 'tandem',
  /** Letters, digits and underscores only. */
  restoreTestPlan: 'tandem_weekly',
  /** AWS Backup begins the names of tables that it restores for tests with this: nobody can choose another. */
  restoredPrefix: 'awsbackup-restore-test-',
} as const;

/** Stack names. Each cell is `Tandem-Cell-REGION`. */
export const STACKS = {
  data: 'Tandem-Data',
  global: 'Tandem-Global',
  cell: (region: string): string => `Tandem-Cell-${region}`,
} as const;

/** Outputs of a cell stack, by the name they are exported under in `cdk-outputs` and CloudFormation. */
export const OUTPUTS = {
  restApiId: 'RestApiId',
  stageName: 'StageName',
  /** Where callers reach this cell directly: its regional domain, or the execute-api URL when there is no domain. */
  url: 'Url',
  apiFunction: 'ApiFunctionName',
  housekeepingFunction: 'HousekeepingFunctionName',
  /** URL of the queue of what housekeeping gave up. */
  deadLetters: 'DeadLetterQueueUrl',
  /** The topic that alarms and the ends of deployments are told to. */
  topic: 'TopicArn',
} as const;

/** API Gateway stage of every cell. */
export const STAGE = 'live';

/** The Lambda alias that callers reach. */
export const ALIAS = 'live';

/** DNS names, all derived from the configured domain (design: no token crosses a region). */
export const dnsNames = (domain: string, region: string) => ({
  /** Latency-routed name that callers use. */
  shared: domain,
  /** A region's own front door: checks, canaries and the failover client. */
  regional: `${region}.${domain}`,
  /** What the shared name's CNAME points to; served under the certificate of the shared name. */
  origin: `${region}.origin.${domain}`,
});

/**
 * Environment variables of the functions. Infrastructure sets exactly these (a mapped type over this object), the run
 * time reads exactly these and names all that are missing at once.
 */
export const ENV = {
  /** Every configured region, comma separated, in the order of the config. */
  regions: 'TANDEM_REGIONS',
  /** JSON of `AuthSettings`. */
  auth: 'TANDEM_AUTH',
  /** Seconds between a switch being seen and user routes answering 503. */
  drainSeconds: 'TANDEM_DRAIN_SECONDS',
  /** The release: shown in answers beside the Lambda version. */
  release: 'TANDEM_RELEASE',
  /** Milliseconds that a write waits for a peer to hold it, where its caller asked for that. */
  replicatedDeadlineMs: 'TANDEM_REPLICATED_DEADLINE_MS',
  /** Milliseconds that a request waits for this region to hold what its tokens name. */
  tokenWaitMs: 'TANDEM_TOKEN_WAIT_MS',
  /** Shared name of the API, from which `/regions` tells each region's own; empty without a domain. */
  domain: 'TANDEM_DOMAIN',
  /** Origins whose pages may call, comma separated; empty: none. */
  corsOrigins: 'TANDEM_CORS_ORIGINS',
} as const;
export type EnvName = (typeof ENV)[keyof typeof ENV];

/**
 * Further variables of the functions that deliver versions (the canary, the deployment hooks, what records the end of a
 * deployment) and of the one that watches backups. Each function gets those that it reads, beside all of `ENV`.
 */
export const DELIVERY_ENV = {
  /** ARN of the cell's KMS key, under which its canary signs its tokens. */
  canaryKey: 'TANDEM_CANARY_KEY',
  /** Base URL of this region's API where no domain is configured; empty with one: names are derived from the domain. */
  apiUrl: 'TANDEM_API_URL',
  /** Name of the API function. */
  apiFunction: 'TANDEM_API_FUNCTION',
  /** Number of the API function's version that this stack deploys: hooks are not told by CodeDeploy. */
  candidate: 'TANDEM_CANDIDATE',
  /** Whole minutes, 0 to 50. */
  bakeMinutes: 'TANDEM_BAKE_MINUTES',
  /** Names of the alarms that end a bake, comma separated. */
  bakeAlarms: 'TANDEM_BAKE_ALARMS',
  /** `true` while deployments go on although alarms fire. */
  ignoreAlarms: 'TANDEM_IGNORE_ALARMS',
  /** Names of the functions whose old versions are pruned, comma separated. */
  prunedFunctions: 'TANDEM_PRUNED_FUNCTIONS',
  /** ARN of the plan that tests restores; empty where none are tested. */
  restoreTestPlan: 'TANDEM_RESTORE_TEST_PLAN',
  /** ARN of the vault that backups are copied to, in another account; empty where they are not. */
  copyVault: 'TANDEM_COPY_VAULT',
} as const;
export type DeliveryEnvName = (typeof DELIVERY_ENV)[keyof typeof DELIVERY_ENV];

/** Versions of a function that are kept beside those that an alias names: what there is to roll back to. */
export const VERSIONS_KEPT = 5;

/**
 * Where DynamoDB of other regions is when it is not where AWS has it: JSON, a base URL by region. Set by whoever runs the
 * functions elsewhere, never by the templates; optional.
 */
export const PEER_ENDPOINTS_ENV = 'TANDEM_PEER_ENDPOINTS';

/** How a cell's API trusts its callers; the value of `ENV.auth`. */
export type AuthSettings =
  | { readonly mode: 'none' }
  | { readonly mode: 'keys' }
  | { readonly mode: 'oidc'; readonly issuer: string; readonly audience: string };

/** Issuer and audience of tokens that registered keys sign. */
export const TOKEN = { issuer: 'tandem', audience: 'tandem-api', algorithm: 'ES256' } as const;

/** CloudWatch metrics that functions emit (EMF) and alarms, dashboards and canaries read. Namespace `Tandem`. */
export const METRICS = {
  namespace: 'Tandem',
  /** Count of user requests: not `/health`, `/switch`, `/regions`, `/openapi.json`, not canaries', not those that are answered 401. */
  requests: 'Requests',
  /** Count of user requests answered 5xx, or that threw; not those that an evacuated region sends elsewhere. */
  errors: 'Errors',
  /** Count of strangers' requests answered 503, because more of them asked than is looked up, or the table did not answer. */
  untold: 'Untold',
  /** Milliseconds from the handler's start to its answer, user requests; without the time that a caller asked to wait for other regions. */
  latency: 'Latency',
  /** Count of users' writes that were done and asked to be `replicated`; and of those, the ones that no peer was seen to hold in time (202). */
  durabilityAsked: 'DurabilityAsked',
  durabilityMissed: 'DurabilityMissed',
  /** Seconds since the last heartbeat of region `Peer`, as seen in this region's replica. */
  heartbeatAge: 'HeartbeatAge',
  /** Orders that needed an end because they were placed in two regions, or cancelled. */
  reconciled: 'Reconciled',
  /** Orders whose goods were shipped from two regions: a person must look. */
  doubleShipments: 'DoubleShipments',
  /** Orders that callers were told to be cancelled, and whose goods were shipped: a person must look. */
  shippedAfterCancelled: 'ShippedAfterCancelled',
  /** Tasks of housekeeping that no attempt can do, because their order is longer than can be read: left undone, and told. */
  tasksSetAside: 'TasksSetAside',
  /** Items that a write found damaged: mended by it, or in its way. */
  damagedItems: 'DamagedItems',
  /** A canary's journey: 0 when it ended well, 1 when it did not; by `Target`. None is told while the canary is blind. */
  journeyFailures: 'JourneyFailures',
  /** Milliseconds of a whole journey that ended well; by `Target`. */
  journeyLatency: 'JourneyLatency',
  /** 1 for a journey that failed; by `Target` and the `Step` that failed. */
  journeyFailedStep: 'JourneyFailedStep',
  /** 1 when the canary reached no target at all and so suspects itself, else 0. No dimension. */
  canaryBlind: 'CanaryBlind',
  /** Seconds since the newest order of `Peer`'s canary that this region shows was placed: replication as users see it. */
  replicaAge: 'ReplicaAge',
  /** Seconds since the newest recovery point of a table was taken, or since the vault was made while it has none; by `Table`, and over both. */
  recoveryPointAge: 'RecoveryPointAge',
  /** 1 while a table can be restored to any second of the last days, else 0; by `Table`, and over both. */
  pointInTimeRecovery: 'PointInTimeRecovery',
  /** Backup jobs of the last day that did not end with a recovery point. */
  backupFailures: 'BackupFailures',
  /** Copies of the last day that did not arrive in the other account's vault. */
  copyFailures: 'CopyFailures',
  /** Seconds since a backup of a table was last restored and found right, or since the vault was made while none was; by `Table`, and over both. */
  restoreTestAge: 'RestoreTestAge',
  /** Restore tests of the last day that failed, were never judged, or left their table behind. */
  restoreTestFailures: 'RestoreTestFailures',
} as const;

/** Dimensions of `METRICS`. `Target`: see `JOURNEY_TARGETS`. */
export const DIMENSIONS = { peer: 'Peer', version: 'ExecutedVersion', target: 'Target', step: 'Step', table: 'Table' } as const;

/** What a canary's journeys lead to, as values of `Target`. */
export const JOURNEY_TARGETS = {
  /** A region's own front door, the canary's or another's. */
  region: (region: string): string => region,
  /** The shared name, wherever DNS leads. */
  shared: 'shared',
  /** A region's front door for the shared name, asked with its certificate and Host. */
  origin: (region: string): string => `origin-${region}`,
} as const;

/** Request and answer headers. Lower case, as HTTP/2 sends them. */
export const HEADERS = {
  idempotencyKey: 'idempotency-key',
  /** `true` on an answer that repeats an earlier one of the same key. */
  replayed: 'idempotent-replayed',
  correlationId: 'tandem-correlation-id',
  /** What an edit was made from (RFC 9110, 13.1): `If-Match: "ETAG"`, or `If-None-Match: *` for a record that is to be new. */
  ifMatch: 'if-match',
  ifNoneMatch: 'if-none-match',
  etag: 'etag',
  /** What an answer rests on: told with every write, and sent with later requests, up to `TOKENS_MAX` separated by commas. */
  token: 'tandem-token',
  /** `true` on an answer of a region that did not hold all that the request's tokens name. */
  stale: 'tandem-stale',
  /** Seconds since the region heard of any other, on its answers to callers once that is long: who knows whether it was given up. */
  alone: 'tandem-alone',
  /** `replicated` on a request: wait for a peer. On the answer to it: `replicated`, or `local` while no peer was seen to hold it. */
  durability: 'tandem-durability',
  /** Regions that operators evacuate, as the answering one has heard, separated by commas; absent while there is none. */
  evacuated: 'tandem-evacuated',
  /** The region that served the answer. */
  region: 'tandem-region',
  /** The Lambda version that served the answer. */
  version: 'tandem-version',
  retryAfter: 'retry-after',
  /**
   * What is wrong with a token (RFC 6750, 3), by the name that callers see: the function says `www-authenticate`, and API
   * Gateway renames that. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
   */
  challenge: 'x-amzn-remapped-www-authenticate',
} as const;

/** On every answer: none may be kept by what is between, nor be taken for something else than it says (RFC 9111, 5.2.2.5; Fetch, 3.5). */
export const SAFE_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** `/health` answers this while the region can serve; Route 53 searches the body's first 5,120 bytes for it. */
export const HEALTHY_TEXT = '"verdict":"pass"';
/** `/switch/{region}` answers this while that region must be evacuated; the inverted checks search for it. */
export const EVACUATE_TEXT = '"evacuate":true';
