/**
 * The API as an OpenAPI 3.1 document, from the same table and schemas that route, validate and deploy it. Made when it is
 * asked for: no cold start pays for it.
 */
import { toJSONSchema, type ZodMiniType } from 'zod/mini';
import { ANSWERS, problem } from './answers.ts';
import { HEADERS } from './names.ts';
import { PROBLEMS, type ProblemName } from './problems.ts';
import { BODY_PROBLEMS, COMMON_PROBLEMS, ROUTES, type Route, SCOPES, USER_PROBLEMS } from './routes.ts';
import { REQUESTS, text } from './schemas.ts';
import { FORMS, LIMITS } from './values.ts';

const recordTag = text(FORMS.recordTag);
const tags = text(FORMS.tags);

const BODY_TEXT = `UTF-8, up to ${LIMITS.bodyBytes} bytes, with no content coding. Refused where a part of it would not come back as it came: half a character, a number that a double does not hold, a name twice in one object or \`__proto__\`, more than ${LIMITS.depth} objects and arrays in each other.`;

type Json = { readonly [name: string]: unknown };

const SUCCESS_TEXT = {
  200: 'OK',
  201: 'Done here, or done before under the same key: then as it counts here now, which may be with the name and time of another region.',
  202: 'Requested: other regions have a word in it. Or, to `tandem-durability: replicated`: done here, and no other region was seen to hold it yet.',
} as const;

/** What clients may rely on in an answer is named; more may come, so that an answer can grow. */
const schemaOf = (schema: ZodMiniType): Json => {
  const { $schema: _, ...rest } = toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return rest;
};

const headerRef = (name: string): Json => ({ $ref: `#/components/headers/${name}` });
/** On every answer of the function. */
const SIGNATURE: Json = {
  [HEADERS.region]: headerRef('Region'),
  [HEADERS.version]: headerRef('Version'),
  [HEADERS.correlationId]: headerRef('CorrelationId'),
};
/** On every answer of the function to a caller. */
const STALE: Json = { [HEADERS.stale]: headerRef('Stale'), [HEADERS.alone]: headerRef('Alone') };
/** On every problem; API Gateway's own name no version. */
const PROBLEM_HEADERS: Readonly<Partial<Record<number, Json>>> = {
  401: { [HEADERS.challenge]: headerRef('Challenge') },
  403: { [HEADERS.challenge]: headerRef('Challenge') },
  415: { 'accept-encoding': headerRef('AcceptEncoding') },
  429: { [HEADERS.retryAfter]: headerRef('RetryAfter') },
  502: { [HEADERS.retryAfter]: headerRef('RetryAfter') },
  503: { [HEADERS.retryAfter]: headerRef('RetryAfter') },
  504: { [HEADERS.retryAfter]: headerRef('RetryAfter') },
};

export const openApiDocument = (): Json => {
  const paths: Record<string, Json> = {};
  for (const [operationId, route] of Object.entries<Route>(ROUTES)) {
    const own = operation(operationId, route);
    const head: Json = route.method === 'GET' ? { head: headOf(operationId, own) } : {};
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: own, ...head };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tandem',
      version: '1',
      description:
        'The same API in every region. A request that failed or was not answered may be repeated as it was, with the same Idempotency-Key or precondition, here or in another region.',
    },
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: `Scopes, in the claim "scope", separated by spaces: ${SCOPES.join(', ')}.`,
        },
      },
      schemas: { Problem: schemaOf(problem) },
      headers: HEADER_COMPONENTS,
    },
  };
};

interface Operation extends Json {
  readonly responses: Readonly<Record<string, Json>>;
}

const operation = (operationId: string, route: Route): Operation => ({
  operationId,
  summary: route.summary,
  ...(route.access.kind === 'user' ? { security: [{ token: [route.access.scope] }] } : { security: [] }),
  parameters: parametersOf(route),
  ...(route.body
    ? {
        requestBody: {
          required: true,
          description: BODY_TEXT,
          content: { 'application/json': { schema: schemaOf(REQUESTS[route.body]) } },
        },
      }
    : {}),
  responses: responsesOf(operationId, route),
});

/** The same, and its answers without their bodies. */
const headOf = (operationId: string, { responses, ...get }: Operation): Json => ({
  ...get,
  operationId: `${operationId}Head`,
  responses: Object.fromEntries(Object.entries(responses).map(([status, { content: _, ...response }]) => [status, response])),
});

const parametersOf = (route: Route): readonly Json[] => {
  const query = route.query ? schemaOf(REQUESTS[route.query]) : {};
  const properties: Readonly<Record<string, unknown>> = typeof query['properties'] === 'object' ? { ...query['properties'] } : {};
  return [
    ...Object.entries(route.params ?? {}).map(([name, form]) => ({ name, in: 'path', required: true, schema: schemaOf(text(form)) })),
    ...Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema })),
    ...(route.body ? [keyParameter(route)] : []),
    ...preconditionsOf(route),
    ...(route.access.kind === 'user' ? CONSISTENCY_PARAMETERS : []),
    {
      name: HEADERS.correlationId,
      in: 'header',
      required: false,
      schema: { type: 'string', pattern: '^[^,]*$' },
      description:
        'Comes back with the answer, and stands in the logs, where it is 8 to 64 letters, digits, `_` and `-`; else one is made.',
    },
  ];
};

/** A precondition says of itself whether an edit still fits; a key says whose edit it is. */
const keyParameter = ({ method }: Route): Json => ({
  name: HEADERS.idempotencyKey,
  in: 'header',
  required: method === 'POST',
  schema: schemaOf(text(FORMS.idempotencyKey)),
  description: `Made once for an operation by its caller, and kept on retries, in any region.${method === 'PUT' ? ' Without one a repetition is another edit, and fails its precondition (412) if the first was done.' : ''}`,
});

const preconditionsOf = ({ method, success }: Route): readonly Json[] => {
  if (success.tagged !== true) return [];
  const header = (name: string, schema: Json, description: string): Json => ({ name, in: 'header', required: false, schema, description });
  // As a list of one: what is empty in a list counts for nothing (RFC 9110, 5.6.1).
  const tag = { ...schemaOf(recordTag), pattern: FORMS.recordTag.pattern.source.replace('^', '^[ \\t,]*').replace(/\$$/, '[ \\t,]*$') };
  return method === 'GET'
    ? [
        header(HEADERS.ifNoneMatch, schemaOf(tags), 'Answers 304 where it is unchanged.'),
        header(HEADERS.ifMatch, schemaOf(tags), 'Answers 412 where it is another.'),
      ]
    : [
        header(HEADERS.ifMatch, tag, 'The ETag of what the edit was made from. This or If-None-Match is required.'),
        header(HEADERS.ifNoneMatch, { type: 'string', pattern: '^\\*$' }, 'Makes a record where none is.'),
      ];
};

const CONSISTENCY_PARAMETERS: readonly Json[] = [
  {
    name: HEADERS.token,
    in: 'header',
    required: false,
    schema: { type: 'string', pattern: `^[A-Za-z0-9_-]+( *, *[A-Za-z0-9_-]+){0,${LIMITS.tokens - 1}}$` },
    description: `Up to ${LIMITS.tokens} tokens that the same subject was told in earlier answers, by any region. This one waits a bounded time until it holds what they name, and else says that its answer is stale.`,
  },
  {
    name: HEADERS.durability,
    in: 'header',
    required: false,
    schema: { type: 'string', pattern: '^replicated$' },
    description: `\`replicated\`: a write waits a bounded time until another region was seen to hold it. On a read: of what its ${HEADERS.token} names.`,
  },
];

const answerOf = (operationId: string): ZodMiniType => {
  const answers: Readonly<Record<string, ZodMiniType>> = ANSWERS;
  const answer = answers[operationId];
  if (!answer) throw new Error(`no answer is described for ${operationId}`);
  return answer;
};

const responsesOf = (operationId: string, route: Route): Readonly<Record<string, Json>> => {
  const { tagged } = route.success;
  const content = { 'application/json': { schema: schemaOf(answerOf(operationId)) } };
  const responses: Record<string, Json> = {};
  for (const status of successesOf(route)) responses[status] = { description: SUCCESS_TEXT[status], headers: headersOf(route), content };
  if (tagged && route.method === 'GET') responses['304'] = { description: 'The caller has it already.', headers: headersOf(route) };
  const names = problemsOf(route);
  for (const code of [...new Set(names.map((name) => PROBLEMS[name].status))].sort((a, b) => a - b)) {
    responses[code] = problemResponse(
      names.filter((name) => PROBLEMS[name].status === code),
      code,
      operationId === 'health' && code === 503 ? content : {},
      route.access.kind === 'user' ? STALE : {},
    );
  }
  return responses;
};

/** Every refusal of a route: its own, those of its kind, and what API Gateway says by itself. */
const problemsOf = (route: Route): readonly ProblemName[] => [
  ...new Set<ProblemName>([
    ...COMMON_PROBLEMS,
    ...(route.access.kind === 'user' ? USER_PROBLEMS : []),
    ...(route.body ? BODY_PROBLEMS : []),
    ...route.problems,
  ]),
];

/** 202 is also what a write says that another region was not seen to hold in time, where its caller asked for that. */
const successesOf = ({ success, body }: Route): readonly (keyof typeof SUCCESS_TEXT)[] => [
  ...new Set([success.status, ...(success.created === undefined ? [] : [success.created]), ...(body ? [202 as const] : [])]),
];

const headersOf = (route: Route): Json => ({
  ...SIGNATURE,
  ...(route.success.tagged ? { [HEADERS.etag]: headerRef('ETag') } : {}),
  ...(route.access.kind === 'user' ? { ...STALE, [HEADERS.durability]: headerRef('Durability') } : {}),
  ...(route.body ? { [HEADERS.replayed]: headerRef('Replayed'), [HEADERS.token]: headerRef('Token') } : {}),
});

const problemResponse = (names: readonly ProblemName[], code: number, more: Json, headers: Json): Json => ({
  description: names.map((name) => `\`/problems/${name}\`: ${PROBLEMS[name].title}.`).join(' '),
  headers: { ...SIGNATURE, ...headers, ...PROBLEM_HEADERS[code] },
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } }, ...more },
});

const HEADER_COMPONENTS = {
  Region: { description: 'The region that answered.', schema: { type: 'string' } },
  Version: {
    description: 'The release and function version that answered; absent where API Gateway answered by itself.',
    schema: { type: 'string' },
  },
  CorrelationId: { description: 'Finds the request in the logs.', schema: { type: 'string' } },
  Replayed: {
    description: '`true` on an answer that repeats an earlier one to the same request.',
    schema: { type: 'string', enum: ['true'] },
  },
  ETag: { description: 'Names all heads of the record, as the answer has them.', schema: schemaOf(recordTag) },
  Token: { description: 'What this answer rests on: for later requests, to any region.', schema: { type: 'string' } },
  Stale: {
    description: '`true` where this region does not hold all that the tokens of the request name: another may know more.',
    schema: { type: 'string', enum: ['true'] },
  },
  Alone: {
    description:
      'Seconds since this region heard of any other; absent where it did in the last 90. It may have been given up, and not know: then what it does is lost. A region that does not say so can be asked.',
    schema: { type: 'integer', minimum: 90 },
  },
  Durability: {
    description: '`replicated`: another region was seen to hold it, too. `local`: none was, in time. Told where it was asked for.',
    schema: { type: 'string', enum: ['replicated', 'local'] },
  },
  Challenge: {
    description:
      'What is wrong with the token (RFC 6750). API Gateway renames the `www-authenticate` of the function to this, and lets no answer have that.',
    schema: { type: 'string' },
  },
  AcceptEncoding: {
    description: 'Where the body had a content coding: those that are allowed.',
    schema: { type: 'string', enum: ['identity'] },
  },
  RetryAfter: {
    description: 'Seconds to wait before this region is asked again; another region can be asked at once.',
    schema: { type: 'integer', minimum: 0 },
  },
} as const;
