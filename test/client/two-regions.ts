/** Two regions that behave as told, and clients of them that are nearer to the first. */
import { type ClientProps, TandemClient } from '../../client/client.ts';
import { answer, type Behaviour, FrontDoor, silence } from './front-door.ts';

export const ORDER = { lines: [{ sku: 'a', quantity: 1 }] };
/** A machine that is slow must not look like a region that is: only what must be waited for is short. */
const TIMES = { hedgeAfterMs: 15_000, attemptTimeoutMs: 15_000, patienceMs: 500, deadlineMs: 20_000, backoffMs: 5, backoffMaxMs: 20 };
/** Of clients whose first region may say nothing. */
export const HEDGED = { hedgeAfterMs: 60, attemptTimeoutMs: 2_000 };

const placed = (by: string) => ({ id: '0'.repeat(32), ...ORDER, placedAt: '2026-01-01T00:00:00Z', placedBy: by });
export const placing = (by: string): Behaviour => answer(201, placed(by), { 'tandem-correlation-id': `c-${by}` });

export const regions = async (a: Behaviour, b: Behaviour) => {
  const doors = { a: await FrontDoor.open('a', a), b: await FrontDoor.open('b', b) };
  const client = (settings: ClientProps['settings'] = {}, props: Partial<ClientProps> = {}) =>
    new TandemClient({
      endpoints: [doors.a, doors.b].map(({ region, url }) => ({ region, url })),
      settings: { refreshMs: 0, ...settings, operation: { ...TIMES, ...(a === silence ? HEDGED : {}), ...settings.operation } },
      ...props,
    });
  return {
    ...doors,
    client,
    [Symbol.asyncDispose]: async () => {
      await doors.a.close();
      await doors.b.close();
    },
  };
};
