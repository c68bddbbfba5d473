/** Answers that the local name server gives in a second, over UDP, to callers that keep it busy. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { encode } from 'dns-packet';
import { edgeAddress } from '../local/network.ts';
import { nearestRegions, regionNear } from '../local/route53/latency.ts';
import { resolve } from '../local/route53/resolver.ts';
import { startDnsServer } from '../local/route53/server.ts';
import { readZone } from '../local/route53/zone.ts';
import { REGION } from './child.ts';
import { median, type Result } from './statistics.ts';

/** A drill's callers ask some tens of times a second: the server must never be what they wait for. */
const GOAL_PER_SECOND = 2_000;
const ROUNDS = 5;
const ROUND_MS = 500;
/** Questions under way at once: few enough that no datagram is lost in a queue. */
const CALLERS = 16;
/** Milliseconds after which a caller takes its question for lost. */
const ANSWER_MS_MAX = 1_000;

const [ZONE, DOMAIN] = ['tandem.test', 'api.tandem.test'];
const REGIONS = [REGION, 'us-east-2'];

export const benchDns = async (): Promise<readonly Result[]> => {
  const zone = readZone(ZONE, [{ region: REGION, template: { Resources: records() } }]);
  const server = await startDnsServer({
    port: 0,
    answer: (question, { source, subnet }) =>
      resolve(zone, question, {
        isHealthy: () => true,
        nearest: nearestRegions(regionNear(subnet, source, REGIONS), REGIONS),
        addressOf: () => edgeAddress(0),
        random: () => 0,
      }),
  });
  try {
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rates.push(await answersPerSecond(server.port));
    const rate = median(rates);
    return [
      {
        name: 'local DNS, a CNAME by latency and its address',
        measured: `${Math.round(rate)} answers/s`,
        goal: `>= ${GOAL_PER_SECOND}/s`,
        passed: rate >= GOAL_PER_SECOND,
      },
    ];
  } finally {
    await server.close();
  }
};

const answersPerSecond = async (port: number): Promise<number> => {
  const started = performance.now();
  const counts = await Promise.all(Array.from({ length: CALLERS }, () => callUntil(port, started + ROUND_MS)));
  return (counts.reduce((total, each) => total + each, 0) * 1000) / (performance.now() - started);
};

const callUntil = async (port: number, endMs: number): Promise<number> => {
  const socket = createSocket('udp4');
  const question = encode({ type: 'query', id: 1, flags: 0, questions: [{ name: DOMAIN, type: 'A', class: 'IN' }] });
  try {
    let count = 0;
    while (performance.now() < endMs) {
      socket.send(question, port, '127.0.0.1');
      await once(socket, 'message', { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      count += 1;
    }
    return count;
  } finally {
    socket.close();
  }
};

const records = () => {
  const record = (properties: object) => ({
    Type: 'AWS::Route53::RecordSet',
    Properties: { HostedZoneId: 'Z0000000000BENCH', ...properties },
  });
  return Object.fromEntries(
    REGIONS.flatMap((region, index) => [
      [
        `Shared${index}`,
        record({
          Name: DOMAIN,
          Type: 'CNAME',
          TTL: '10',
          Region: region,
          SetIdentifier: region,
          ResourceRecords: [`${region}.origin.${DOMAIN}`],
        }),
      ],
      [`Origin${index}`, record({ Name: `${region}.origin.${DOMAIN}`, Type: 'A', TTL: '10', ResourceRecords: [edgeAddress(index)] })],
    ]),
  );
};
