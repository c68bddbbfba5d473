/** Which route a request is for, by its method and API Gateway's resource. */
import { methodsAt, ROUTES, type RouteName } from '../contract/routes.ts';
import type { ApiEvent } from './event.ts';
import { Refusal } from './refusal.ts';

const isRouteName = (name: string): name is RouteName => Object.hasOwn(ROUTES, name);
const BY_METHOD_AND_PATH = new Map(
  Object.keys(ROUTES)
    .filter(isRouteName)
    .map((name) => [`${ROUTES[name].method} ${ROUTES[name].path}`, name]),
);

/** HEAD is GET, and its answer is told without its body (RFC 9110, 9.3.2). */
export const isHead = ({ httpMethod }: ApiEvent): boolean => httpMethod === 'HEAD';

export const routeOf = (event: ApiEvent): RouteName | undefined =>
  BY_METHOD_AND_PATH.get(`${isHead(event) ? 'GET' : event.httpMethod} ${event.resource}`);

export const noRoute = ({ resource }: ApiEvent): Refusal => {
  const methods = methodsAt(resource);
  if (methods.length === 0) return new Refusal('not-found', 'there is no such path; /openapi.json lists all');
  return new Refusal('method-not-allowed', `allowed: ${methods.join(', ')}`, { headers: { allow: methods.join(', ') } });
};
