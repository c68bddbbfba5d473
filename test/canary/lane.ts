/** The real API in process at the end of a transport, a clock of the test's own, and things that go wrong in between. */
import { proxyEvent } from '../../functions/aws/proxy-event.ts';
import type { JourneyProps, Traveller } from '../../functions/canary/journey.ts';
import type { Answer, PatientClock, Request, Transport } from '../../functions/canary/transport.ts';
import type { RouteName } from '../../functions/contract/routes.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import type { Item } from '../../functions/core/store.ts';
import { canarySku, canarySubject } from '../../functions/core/synthetic.ts';
import { ApiWorld, type ApiWorldProps } from '../functions/api-world.ts';
import { makeTestKey } from '../functions/callers.ts';

export interface Lane {
  readonly world: ApiWorld;
  readonly transport: Transport;
  readonly traveller: Traveller;
  readonly clock: TestClock;
  readonly putControl: (item: Item) => Promise<unknown>;
  readonly journey: (changes?: Partial<JourneyProps>) => JourneyProps;
}

/** Moves by what requests take and sleeps wait, and by nothing else. */
export class TestClock implements PatientClock {
  nowMs = 1_795_000_000_000;
  now(): number {
    return this.nowMs;
  }
  async sleep(ms: number): Promise<void> {
    this.nowMs += ms;
  }
}

export const startLane = async (props: ApiWorldProps = {}): Promise<Lane> => {
  const world = await new ApiWorld(props).start();
  const key = makeTestKey({ subjects: ['canary:*'] });
  const putControl = (item: Item) => world.control.transact([{ action: 'put', item }]);
  await putControl(key.item);
  const transport: Transport = {
    send: async (request) => {
      const { statusCode, headers, body } = await world.handle(proxyEvent(request));
      return { status: statusCode, headers, body };
    },
  };
  const subject = canarySubject(world.region);
  const traveller = { subject, sku: canarySku(world.region), token: key.token({ sub: subject }), open: props.auth?.mode === 'none' };
  const clock = new TestClock();
  return {
    world,
    transport,
    traveller,
    clock,
    putControl,
    journey: (changes = {}) => ({ transport, traveller, clock, answerer: { regions: [world.region] }, key: 'journey-1', ...changes }),
  };
};

/** What a request is told by: its route, and how many of that route came before it. */
export interface Told {
  readonly request: Request;
  readonly route: RouteName | undefined;
  readonly before: number;
  readonly authorized: boolean;
}

/** A transport whose answers are what `change` makes of the real ones; it throws what `change` throws. */
export const changed = (transport: Transport, change: (answer: Answer, told: Told) => Answer | Promise<Answer>): Transport => {
  const counts = new Map<string, number>();
  return {
    send: async (request) => {
      const route = routeOf(request);
      const authorized = 'authorization' in request.headers;
      const name = `${route} ${authorized}`;
      const before = counts.get(name) ?? 0;
      counts.set(name, before + 1);
      return change(await transport.send(request), { request, route, before, authorized });
    },
  };
};

/** A transport whose requests take time. */
export const taking = (transport: Transport, clock: TestClock, msOf: (told: Told) => number): Transport =>
  changed(transport, (answer, told) => {
    clock.nowMs += msOf(told);
    return answer;
  });

/** An answer with another content. */
export const edited = (answer: Answer, edit: (body: Record<string, unknown>) => Record<string, unknown>): Answer => ({
  ...answer,
  body: JSON.stringify(edit(JSON.parse(answer.body))),
});

const routeOf = ({ method, path }: Request): RouteName | undefined => {
  const { resource } = proxyEvent({ method, path, headers: {} });
  return routeNames.find((name) => ROUTES[name].method === method && ROUTES[name].path === resource);
};

const isRouteName = (name: string): name is RouteName => Object.hasOwn(ROUTES, name);
const routeNames = Object.keys(ROUTES).filter(isRouteName);
