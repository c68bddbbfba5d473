import { Stack } from 'aws-cdk-lib';
import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { gatewayHeaders } from '../functions/contract/cross-origin.ts';
import { HEADERS } from '../functions/contract/names.ts';
import { PROBLEMS, type ProblemName } from '../functions/contract/problems.ts';

/**
 * What API Gateway itself answers, as the same problem details (RFC 9457) that the function gives. Status and body must
 * agree, so each type fixes its status.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
const ANSWERS = [
  // No method of this API uses IAM. These three types are what API Gateway says to an unknown path or method: the first
  // without an Authorization header, the others when it holds something that is not a signature, such as a bearer token.
  ['MissingRoute', ResponseType.MISSING_AUTHENTICATION_TOKEN, 'not-found'],
  ['MissingRouteWithToken', ResponseType.INVALID_SIGNATURE, 'not-found'],
  ['MissingRouteWithOldToken', ResponseType.EXPIRED_TOKEN, 'not-found'],
  ['ResourceNotFound', ResponseType.RESOURCE_NOT_FOUND, 'not-found'],
  ['Unauthorized', ResponseType.UNAUTHORIZED, 'unauthorized'],
  ['AccessDenied', ResponseType.ACCESS_DENIED, 'forbidden'],
  ['WafFiltered', ResponseType.WAF_FILTERED, 'forbidden'],
  ['TooLarge', ResponseType.REQUEST_TOO_LARGE, 'too-large'],
  ['UnsupportedMediaType', ResponseType.UNSUPPORTED_MEDIA_TYPE, 'unsupported-media-type'],
  ['Throttled', ResponseType.THROTTLED, 'too-many-requests'],
  ['QuotaExceeded', ResponseType.QUOTA_EXCEEDED, 'too-many-requests'],
  ['Default4xx', ResponseType.DEFAULT_4XX, 'bad-request'],
  ['IntegrationFailure', ResponseType.INTEGRATION_FAILURE, 'bad-gateway'],
  ['IntegrationTimeout', ResponseType.INTEGRATION_TIMEOUT, 'gateway-timeout'],
  ['Default5xx', ResponseType.DEFAULT_5XX, 'internal'],
] as const satisfies readonly (readonly [id: string, type: ResponseType, problem: ProblemName])[];

/** Seconds that callers are asked to wait, for the refusals that pass. */
const RETRY_AFTER_SECONDS = 1;
const PASSING: readonly ProblemName[] = ['too-many-requests', 'bad-gateway', 'gateway-timeout'];

/** @param origins whose pages may call */
export const addGatewayResponses = (api: RestApi, origins: readonly string[]): void => {
  for (const [id, type, name] of ANSWERS) {
    const { status, title } = PROBLEMS[name];
    api.addGatewayResponse(id, {
      type,
      statusCode: String(status),
      responseHeaders: {
        'Content-Type': literal('application/problem+json'),
        ...literals(gatewayHeaders(origins)),
        [HEADERS.region]: literal(Stack.of(api).region),
        [HEADERS.correlationId]: 'context.requestId',
        ...(PASSING.includes(name) ? { [HEADERS.retryAfter]: literal(String(RETRY_AFTER_SECONDS)) } : {}),
      },
      templates: { 'application/json': JSON.stringify({ type: `/problems/${name}`, title, status, correlationId: '$context.requestId' }) },
    });
  }
};

/** API Gateway's notation for a static value. */
const literal = (value: string): string => `'${value}'`;
const literals = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, literal(value)]));
