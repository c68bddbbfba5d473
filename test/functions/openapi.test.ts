import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../functions/contract/openapi.ts';
import { PROBLEMS } from '../../functions/contract/problems.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import { LIMITS } from '../../functions/contract/values.ts';
import { TOKENS_MAX } from '../../functions/core/token.ts';
import { ApiWorld } from './api-world.ts';
import { elsewhere, tokenFor } from './tokens.ts';

const document = JSON.parse(JSON.stringify(openApiDocument()));

describe('the OpenAPI document', () => {
  it('is served as it is made', async () => {
    const { status, body } = await new ApiWorld().get('/openapi.json', { token: null });
    expect([status, body]).toEqual([200, document]);
  });

  it('has every route, with its own problems and those of its kind', () => {
    for (const [name, route] of Object.entries(ROUTES)) {
      const operation = document.paths[route.path][route.method.toLowerCase()];
      expect(operation.operationId).toBe(name);
      const statuses = Object.keys(operation.responses).map(Number);
      for (const problem of route.problems) expect(statuses).toContain(PROBLEMS[problem].status);
      expect(statuses).toEqual(expect.arrayContaining([route.success.status, 400, 429, 500, 502, 503, 504]));
      expect(statuses.includes(401)).toBe(route.access.kind === 'user');
      expect(statuses.includes(415)).toBe('body' in route);
      expect(operation.security).toEqual(route.access.kind === 'user' ? [{ token: [route.access.scope] }] : []);
    }
  });

  it('has HEAD beside each GET, which says the same without a body', () => {
    for (const { path, method } of Object.values(ROUTES)) {
      const { get, head } = document.paths[path];
      if (method !== 'GET') continue;
      expect(head.parameters).toEqual(get.parameters);
      expect(Object.keys(head.responses)).toEqual(Object.keys(get.responses));
      for (const [status, { content: _, ...response }] of Object.entries<Record<string, unknown>>(get.responses))
        expect(head.responses[status]).toEqual(response);
    }
  });

  it('promises no header that API Gateway renames', () => {
    expect(JSON.stringify(Object.keys(document.components.headers))).toContain('Challenge');
    const told = JSON.stringify(Object.values<Record<string, unknown>>(document.paths).map((path) => Object.values(path)));
    expect(told).toContain('"x-amzn-remapped-www-authenticate"');
    expect(told).not.toContain('"www-authenticate"');
  });

  it('limits every parameter, and requires the Idempotency-Key of every POST', () => {
    for (const path of Object.values<
      Record<string, { parameters: { name: string; required: boolean; schema: Record<string, unknown> }[] }>
    >(document.paths)) {
      for (const [method, operation] of Object.entries(path)) {
        for (const { schema } of operation.parameters) expect(schema['pattern']).toEqual(expect.any(String));
        expect(operation.parameters.some(({ name, required }) => name === 'idempotency-key' && required)).toBe(method === 'post');
      }
    }
  });

  it('has tokens, staleness and durability on every user route, and on no other', () => {
    const token = tokenFor(elsewhere());
    const asMany = Array(TOKENS_MAX).fill(token).join(', ');
    expect(LIMITS.tokens).toBe(TOKENS_MAX);
    for (const route of Object.values(ROUTES)) {
      const { parameters, responses } = document.paths[route.path][route.method.toLowerCase()];
      const patternOf = (name: string) => parameters.find((each: { readonly name: string }) => each.name === name)?.schema.pattern;
      const forUsers = route.access.kind === 'user';
      expect([patternOf('tandem-token') !== undefined, patternOf('tandem-durability')]).toEqual([
        forUsers,
        forUsers ? '^replicated$' : undefined,
      ]);
      const told = (status: number) => Object.keys(responses[status]?.headers ?? {});
      expect(told(route.success.status).includes('tandem-stale')).toBe(forUsers);
      expect(told(route.success.status).includes('tandem-token')).toBe('body' in route);
      if (!forUsers) continue;
      expect([
        new RegExp(patternOf('tandem-token')).test(asMany),
        new RegExp(patternOf('tandem-token')).test(`${asMany}, ${token}`),
      ]).toEqual([true, false]);
      expect(told(400)).toContain('tandem-stale');
      if ('body' in route) expect(told(202)).toContain('tandem-durability');
    }
    expect(document.paths['/records/{id}'].put.responses).toMatchObject({ 200: {}, 201: {}, 202: {} });
  });

  it('tells of records what is to be said with an edit, what comes back, and what is refused', () => {
    const { get, put } = document.paths['/records/{id}'];
    const headers = (operation: { parameters: { name: string; in: string; required: boolean }[] }) =>
      operation.parameters.filter((each) => each.in === 'header').map(({ name, required }) => [name, required]);
    for (const operation of [get, put])
      expect(headers(operation)).toEqual(
        expect.arrayContaining([
          ['if-match', false],
          ['if-none-match', false],
        ]),
      );
    const tag = { $ref: '#/components/headers/ETag' };
    for (const response of [get.responses[200], get.responses[304], put.responses[200], put.responses[201]])
      expect(response.headers.etag).toEqual(tag);
    expect(get.responses[304]).not.toHaveProperty('content');
    expect(put.responses[201].content).toEqual(put.responses[200].content);
    expect(Object.keys(put.responses)).toEqual(expect.arrayContaining(['409', '412', '428']));
    expect(put.responses[412].description).toMatch(/precondition-failed.*unknown-version/);
  });

  it('refers to nothing that is not there', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(references.length).toBeGreaterThan(50);
    for (const reference of new Set(references)) {
      const target = reference
        .split('/')
        .reduce<unknown>(
          (place, part) => (typeof place === 'object' && place !== null && part in place ? Reflect.get(place, part) : undefined),
          document,
        );
      expect([reference, target === undefined]).toEqual([reference, false]);
    }
  });
});
