/**
 * Every key of the configuration, with what it means and what a change of it does. docs/configuration.md is made of this:
 * `npm run docs`.
 */
import * as z from 'zod';
import { backup } from './config-backup.ts';
import { objectives } from './config-objectives.ts';
import {
  arn,
  flag,
  hostedZoneId,
  hostname,
  issuerUrl,
  oneOf,
  origins,
  refusal,
  regionName,
  section,
  told,
  whole,
} from './config-values.ts';

const VERSION = 'A new version of every function, delivered region by region';
const IN_PLACE = 'In place, without a new version';
const NEXT = 'From the next deployment on';

const region = section({
  name: told(
    'Where a cell serves. Only the shape of the name is checked: a name that AWS does not have, or of another partition than the rest (`cn-`, `us-gov-`), is found by the deployment alone',
    'Another name is one region added and one removed. Add or remove one at a time: docs/runbook.md has both',
    regionName,
  ),
  state: told(
    '`joining`: deployed and replicated, and not in DNS yet, because its switch checks start unhealthy. `serving`: gets traffic',
    "The region's record of the shared name is added or removed",
    oneOf('joining', 'serving').default('serving'),
  ),
});

const throttle = (who: string) =>
  section({
    rate: told(`Requests a second that ${who} may make, for each method of the API`, IN_PLACE, whole(1, 10_000)),
    burst: told('Requests at once above the rate. Must be given with it', IN_PLACE, whole(1, 5_000)),
  });

const TWO_OR_MORE = refusal(
  'a list of two or more regions, such as [{"name": "eu-central-1"}, {"name": "us-east-2"}]',
  'add one; a single region cannot be lost',
);
const AUDIENCE = refusal('the audience that the tokens name', 'add it');
const identityProvider = section({
  issuer: told(
    'Whose tokens count beside those of registered keys. Its signing keys are fetched from there and renewed each half hour: a key that the issuer has withdrawn counts for up to an hour, and longer while the issuer does not answer: docs/operate.md',
    `${VERSION}. Subjects of another issuer with the same name are others: what the old ones made is not shown to them`,
    issuerUrl,
  ),
  audience: told('What `aud` of those tokens must be', VERSION, z.string(AUDIENCE).min(1, AUDIENCE)),
});
const AUTH = refusal('"keys", {"issuer": "https://...", "audience": "..."}, or "none" to let everybody in', 'choose one of these');

const domain = section({
  name: told(
    'The shared name, which leads to the nearest healthy region. Each region has a name of its own below it, `REGION.NAME`',
    'Other names, certificates and checks: callers of the old names find nothing any more',
    hostname,
  ),
  hostedZoneId: told('The public hosted zone that holds the name. It is yours and stays', 'The records move to that zone', hostedZoneId),
  zoneName: told('The name of that zone. The shared name is below it', 'As `hostedZoneId`', hostname),
});

const health = section({
  intervalSeconds: told(
    'Seconds between two probes of one checker',
    'A check that exists cannot change it: the checks are made anew. It changes the computed time to fail over',
    oneOf(10, 30).default(10),
  ),
  failureThreshold: told(
    'Probes in a row that turn a deep check',
    `${IN_PLACE}; it changes the computed time to fail over`,
    whole(1, 10).default(2),
  ),
  ttlSeconds: told('TTL of the shared name', `${IN_PLACE}; it changes the computed time to fail over`, whole(1, 300).default(10)),
  drainSeconds: told(
    'Seconds from an evacuation until user routes answer 503, so that callers with open connections move',
    VERSION,
    whole(0, 900).default(30),
  ),
});

const callers = section({
  replicatedDeadlineMs: told(
    'Milliseconds that a write with `Tandem-Durability: replicated` waits for a peer to hold it, before it is answered 202',
    VERSION,
    whole(100, 5_000).default(1_500),
  ),
  tokenWaitMs: told(
    'Milliseconds that a request with a `Tandem-Token` waits for its region to hold what the token names, before it is answered as stale',
    VERSION,
    whole(0, 5_000).default(500),
  ),
});

const delivery = section({
  exposePercent: told("Percent of a region's calls that a new version gets while it is exposed", NEXT, whole(1, 99).default(5)),
  exposeMinutes: told('Minutes of that exposure, watched by the alarms on the new version', NEXT, whole(1, 2_880).default(5)),
  bakeMinutes: told(
    'Minutes that the version is then watched with all calls, inside the alias update, before the next region begins',
    NEXT,
    whole(0, 50).default(10),
  ),
  ignoreAlarms: told(
    'Deploys although alarms fire: to ship a fix while its fault is on. Audited',
    'Set it back after that one deployment',
    flag.default(false),
  ),
});

const EMAIL = refusal('an e-mail address', 'correct it');

export const configSchema = section({
  regions: told(
    'The regions that serve. Their order is the order of deployment',
    'One region can be added or removed at a time',
    z.array(region, TWO_OR_MORE).min(2, TWO_OR_MORE),
  ),
  home: told(
    'The region whose stack owns the global tables. It has no meaning at run time',
    'Refused by `deployedRegions`, and by CloudFormation: the tables belong to the stack that made them',
    regionName.optional().meta({ default: 'the first of `regions`' }),
  ),
  deployedRegions: told(
    'The regions of the last deployment, in any order. When given, a change of more than one region is refused',
    'Nothing is deployed by it',
    z.array(regionName, refusal('a list of names of regions', 'list what was deployed last, or leave it out')).optional(),
  ),
  consistency: told(
    'How replicas agree. `MRSC` is refused today: its tables have no transactions, and an order is one',
    'Not possible on tables that exist',
    oneOf('MREC', 'MRSC').default('MREC'),
  ),
  auth: told(
    'Who may call. `keys`: whose token is signed by a key that `bin/tandem keys add --yes` registered. An issuer: those, and its users. `none`: everybody, as one subject; synthesis warns',
    VERSION,
    z.union([z.enum(['keys', 'none']), identityProvider], AUTH),
  ),
  domain: told(
    'A shared name, with health checks. Without it there is no Global stack, and callers use the failover client on the URLs that the cells put out',
    'Adding it closes the URLs of API Gateway that served before',
    domain.optional(),
  ),
  health: told('How quickly a region leaves DNS: docs/failover.md has the formula', '', health.prefault({})),
  callers: told('How long a request may wait for another region: docs/data.md', '', callers.prefault({})),
  delivery: told('How a new version of the API reaches callers, region by region: docs/operate.md', '', delivery.prefault({})),
  throttling: told(
    'What API Gateway lets through. Above it callers get 429',
    '',
    section({
      user: told(
        'Routes that need a token. It is spent before the token is looked at, so strangers spend it too: docs/operate.md',
        '',
        throttle('callers').default({ rate: 1_000, burst: 2_000 }),
      ),
      probes: told('Routes that need none, such as `/health`', '', throttle('anybody').default({ rate: 100, burst: 200 })),
    }).prefault({}),
  ),
  cors: told(
    'Which pages in browsers may call',
    '',
    section({
      origins: told(
        'Origins whose pages may call the API from a browser (CORS); `["*"]`: those of all. **Empty by default: no page may, and preflights are answered 405.** Tokens come in a header, so credentials (cookies) are never allowed',
        `${VERSION}; the answers of API Gateway itself in place`,
        origins.default([]),
      ),
    }).prefault({}),
  ),
  encryptionKeys: told(
    'Your own KMS keys for the tables and vaults: for each region the ARN of a key in it. They do not cover log groups and the topic of the alarms',
    'Fixed when the tables are made',
    z
      .record(regionName, arn, refusal('an object that gives each region the ARN of a KMS key', 'write one, or leave it out'))
      .optional()
      .meta({ default: 'keys owned by AWS' }),
  ),
  alarms: told(
    'Who is told: docs/alarms.md',
    '',
    section({
      emails: told(
        'Addresses that get every alarm of every stack, and its end. **Empty by default: nobody is told, and synthesis warns**',
        'SNS asks each new address to confirm, in each region; until then it gets nothing',
        z.array(z.email(EMAIL), refusal('a list of e-mail addresses', 'write one')).default([]),
      ),
    }).prefault({}),
  ),
  logRetentionDays: told(
    'Days that logs of functions and of API Gateway are kept',
    IN_PLACE,
    oneOf(1, 3, 5, 7, 14, 30, 60, 90, 180, 365).default(30),
  ),
  backup: told("Backups of every region's own replicas into its own vault: docs/backup.md", '', backup.prefault({})),
  apiGatewayAccountRole: told(
    "Sets the account's API Gateway log role in each region. It is one for the account: `false` where another stack owns it",
    'The role stays when it is no longer set',
    flag.default(true),
  ),
  objectives: told('What drills measure against. They deploy nothing, but for `recoveryPointHours`', '', objectives.prefault({})),
});
