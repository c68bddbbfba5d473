/** A request as API Gateway would hand it to the function (REST API, Lambda proxy integration). */
import { randomUUID } from 'node:crypto';
import type { Request } from '../canary/transport.ts';
import { ROUTES } from '../contract/routes.ts';

/**
 * With every member that a real event has and a handler may read; single and multiple values, null for what is not there.
 * A path that is no route's keeps itself as resource.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export const proxyEvent = ({ method, path: target, headers, body }: Request) => {
  const { pathname: path, searchParams } = new URL(target, 'https://api.invalid');
  const { resource, pathParameters } = resourceOf(path);
  const query = [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)] as const);
  return {
    resource,
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: lists(Object.entries(headers)),
    queryStringParameters: query.length > 0 ? Object.fromEntries(query.map(([name, values]) => [name, values.at(-1)])) : null,
    multiValueQueryStringParameters: query.length > 0 ? Object.fromEntries(query) : null,
    pathParameters,
    stageVariables: null,
    requestContext: {
      resourcePath: resource,
      httpMethod: method,
      path,
      protocol: 'HTTP/1.1',
      requestId: randomUUID(),
      identity: { sourceIp: '127.0.0.1', userAgent: 'tandem-canary' },
    },
    // As bytes: the API takes all media types for binary ones.
    body: body === undefined ? null : Buffer.from(body).toString('base64'),
    isBase64Encoded: body !== undefined,
  };
};

const resourceOf = (path: string): { readonly resource: string; readonly pathParameters: Readonly<Record<string, string>> | null } => {
  const parts = path.split('/');
  for (const { path: pattern } of Object.values(ROUTES)) {
    const wanted = pattern.split('/');
    if (wanted.length !== parts.length || !wanted.every((part, index) => part.startsWith('{') || part === parts[index])) continue;
    const named = wanted.flatMap((part, index) =>
      part.startsWith('{') ? [[part.slice(1, -1), decodeURIComponent(parts[index] ?? '')] as const] : [],
    );
    return { resource: pattern, pathParameters: named.length > 0 ? Object.fromEntries(named) : null };
  }
  return { resource: path, pathParameters: null };
};

const lists = (entries: readonly (readonly [string, string])[]): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(entries.map(([name, value]) => [name, [value]]));
