/** Callers that follow the shared name, with nothing of ours in between. */
import { Pool } from 'undici';
import { causeOf } from '../../client/errors.ts';
import { HEADERS } from '../../functions/contract/names.ts';
import type { Target } from '../targets/target.ts';
import { anything, type Caller, type CallerProps, CONNECTIONS_MAX, objectIn } from './callers.ts';
import type { Action, Result } from './operations.ts';
import { PLAIN_TIMEOUT_MS, plainRequest, plainResult, textIn, unanswered } from './plain.ts';
import { ResolverCache, resolveName } from './resolver.ts';

/** Follows the shared name. One request, one timeout, no second try: what fails has failed. */
export const dnsCaller = (props: DnsCallerProps, target: Pick<Target, 'regions' | 'dns'>): Caller => {
  const { expect = () => anything, token } = props;
  const { dns } = target;
  if (!dns) throw new Error('the target has no shared name: configure a domain');
  const { protocol } = new URL(target.regions[0]?.url ?? 'http://none');
  const question = { name: dns.name, server: dns.server, subnet: dns.subnetNear(props.near) };
  const cache = new ResolverCache({ resolve: () => resolveName(question), now: Date.now, firstPart: props.firstPart });
  const pools = new Map<string, Pool>();
  /** Who answered at an address before: whose silence it is when nobody does. */
  const regionAt = new Map<string, string>();
  const poolFor = (address: string): Pool => {
    const known = pools.get(address);
    if (known) return known;
    const door = dns.doorAt(address);
    const pool = new Pool(`${protocol}//${door.address}:${door.port}`, {
      connections: CONNECTIONS_MAX,
      connect: { timeout: PLAIN_TIMEOUT_MS, servername: dns.name },
    });
    pools.set(address, pool);
    return pool;
  };
  const perform = async (action: Action): Promise<Result> => {
    const expectation = expect(action);
    let sentTo: { readonly address: string; readonly startMs: number } | undefined;
    try {
      const address = await cache.address();
      sentTo = { address, startMs: Date.now() };
      const answer = await poolFor(address).request({
        ...plainRequest(action, dns.name, token),
        signal: AbortSignal.timeout(PLAIN_TIMEOUT_MS),
      });
      const body = objectIn(await answer.body.text());
      const [region, version] = [textIn(answer.headers[HEADERS.region]), textIn(answer.headers[HEADERS.version])];
      if (region !== null) regionAt.set(address, region);
      const given = { region: region ?? regionAt.get(address) ?? null, version, status: answer.statusCode };
      return plainResult(action, { ...given, startMs: sentTo.startMs, body }, expectation);
    } catch (error) {
      return unanswered(action, causeOf(error), sentTo && { ...sentTo, region: regionAt.get(sentTo.address) ?? null });
    }
  };
  return { ...props, kind: 'dns', perform, close: async () => void (await Promise.all([...pools.values()].map((pool) => pool.destroy()))) };
};

export interface DnsCallerProps extends CallerProps {
  /** Part of the first answer's TTL that counts: see `ResolverCache`. */
  readonly firstPart: number;
}
