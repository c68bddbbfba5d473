/** What the faults tell requests by, and how they get inside the handler that they wrap. */
import { ROUTES } from '../contract/routes.ts';
import type { ApiEvent } from '../http/event.ts';

/** Whether a user's route is asked for. All others must stay right: a health check that sees a fault proves nothing about canaries. */
export const isUserRequest = (event: ApiEvent): boolean => routeOf(event)?.access.kind === 'user';

export const isUserWrite = (event: ApiEvent): boolean => isUserRequest(event) && event.httpMethod === 'POST';

/** Whether orders are what the answer tells. */
export const isOrderRead = (event: ApiEvent): boolean => {
  const route = routeOf(event);
  return route === ROUTES.getOrder || route === ROUTES.listOrders;
};

/**
 * The event, one part of which does something to its first reader. So a fault happens inside the handler, which counts,
 * times and logs it as it would a mistake in its own code.
 */
export const trapped = (event: ApiEvent, part: 'body' | 'resource', spring: () => void): ApiEvent => {
  let sprung = false;
  const get = () => {
    if (!sprung) {
      sprung = true;
      spring();
    }
    return event[part];
  };
  return Object.defineProperty({ ...event }, part, { get });
};

const routeOf = ({ httpMethod, resource }: ApiEvent) =>
  Object.values(ROUTES).find(({ method, path }) => method === httpMethod && path === resource);
