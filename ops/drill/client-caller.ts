/** Callers that use the failover client. */
import { Agent, fetch } from 'undici';

import { problemName } from '../../client/answer.ts';
import { type Fetch, TandemClient } from '../../client/client.ts';
import type { Outcome } from '../../client/outcome.ts';
import { tagOf } from '../../functions/core/record-fold.ts';
import type { Target, TargetRegion } from '../targets/target.ts';
import { anything, type Caller, type CallerProps, CONNECTIONS_MAX, editValue, idOf, isMiss, sawIn } from './callers.ts';
import { recordExchanges } from './exchanges.ts';
import { type Action, isWrite, type Result, servedStatus } from './operations.ts';

/** Base URLs by name, as callers of AWS would have them, and a `fetch` that finds the names where the target has them. */
const namedFrontDoors = (regions: readonly TargetRegion[]) => {
  const addresses = new Map(regions.map((region) => [nameOf(region), new URL(region.url).hostname]));
  const endpoints = regions.map((region) => {
    const { protocol, port } = new URL(region.url);
    return { region: region.name, url: `${protocol}//${nameOf(region)}${port === '' ? '' : `:${port}`}` };
  });
  const agent = new Agent({
    connections: CONNECTIONS_MAX,
    connect: {
      lookup: (hostname, _, callback) => {
        const address = addresses.get(hostname);
        const unknown = { code: 'ENOTFOUND', syscall: 'getaddrinfo' };
        if (address === undefined) callback(Object.assign(new Error(`no region has the name ${hostname}`), unknown), []);
        else callback(null, [{ address, family: 4 }]);
      },
    },
  });
  const namedFetch: Fetch = (url, init) => fetch(url, { ...init, dispatcher: agent });
  const regionOf = ({ hostname }: URL): string | undefined => regions.find((region) => nameOf(region) === hostname)?.name;
  return { endpoints, exchanges: recordExchanges(namedFetch, regionOf), close: () => agent.destroy() };
};

const nameOf = (region: TargetRegion): string => region.host.split(':')[0] ?? region.host;

/** Uses the failover client, its own region first. */
export const clientCaller = (props: CallerProps, target: Pick<Target, 'regions' | 'dns'>): Caller => {
  const doors = namedFrontDoors(target.regions);
  const endpoints = doors.endpoints.toSorted((a, b) => Number(b.region === props.near) - Number(a.region === props.near));
  const client = new TandemClient({ endpoints, token: props.token, fetch: doors.exchanges.fetch });
  const { expect = () => anything } = props;
  const perform = async (action: Action): Promise<Result> => {
    const { outcome, sent } = await doors.exchanges.record(() => callClient(client, action), expect(action));
    const result = clientResult(action, outcome);
    const wrong = sent.findLast((each) => each.end === 'answered' && each.region === result.region)?.wrong ?? null;
    return { ...result, wrong, sent: [...sent] };
  };
  return { ...props, kind: 'client', perform, close: doors.close };
};

/** Carries an action out with the failover client. */
const callClient = (client: TandemClient, action: Action): Promise<Outcome<object>> => {
  switch (action.operation) {
    case 'placeOrder':
      return client.placeOrder(orderOf(action), { idempotencyKey: action.key });
    case 'getOrder':
      return client.getOrder(action.order);
    case 'payOrder':
      return client.payOrder(action.order, { amount: action.amount }, { idempotencyKey: action.key });
    case 'getStock':
      return client.getStock(action.sku);
    case 'receiveStock':
      return client.receiveStock(action.sku, action.region, { quantity: action.quantity }, { idempotencyKey: action.key });
    case 'shipOrder':
      return client.shipOrder(action.order, {}, { idempotencyKey: action.key });
    case 'cancelOrder':
      return client.cancelOrder(action.order, { idempotencyKey: action.key });
    case 'getRecord':
      return client.getRecord(action.record);
    case 'putRecord': {
      const { record, key, parents } = action;
      const precondition = parents.length === 0 ? { ifNoneMatch: '*' as const } : { ifMatch: tagOf(parents) };
      return client.putRecord(record, editValue(key), { idempotencyKey: key, ...precondition });
    }
  }
};

const orderOf = ({ lines, note }: Extract<Action, { operation: 'placeOrder' }>) => ({
  lines: lines.map((line) => ({ ...line })),
  ...(note === undefined ? {} : { note }),
});

const clientResult = (action: Action, outcome: Outcome<object>): Omit<Result, 'wrong' | 'sent'> => {
  const { attempts } = outcome;
  const detail = attempts.map((attempt) => `${attempt.region}: ${attempt.result}`).join('; ');
  switch (outcome.kind) {
    case 'ok':
      return {
        outcome: 'ok',
        region: outcome.region,
        status: outcome.status,
        id: idOf(action, outcome.value),
        ...sawIn(action, outcome.value),
        missed: false,
        attempts: attempts.length,
        detail,
      };
    case 'refused': {
      const { status } = outcome.problem;
      return {
        outcome: servedStatus(status) ? 'ok' : 'failed',
        region: outcome.region,
        status,
        id: null,
        missed: isMiss(action, status),
        attempts: attempts.length,
        detail,
      };
    }
    case 'unknown': {
      // A read that one region answered with 404, while another was silent, was served: with too little.
      const missed = outcome.refusal !== undefined && isMiss(action, outcome.refusal.status);
      const served = missed && !isWrite(action);
      return {
        outcome: served ? 'ok' : isWrite(action) && outcome.mayHaveRun ? 'unknown' : 'failed',
        region: null,
        status: served ? 404 : null,
        id: null,
        missed,
        attempts: attempts.length,
        detail: `${outcome.reason}${outcome.refusal ? `, refused with ${problemName(outcome.refusal)}` : ''}: ${detail}`,
      };
    }
  }
};
