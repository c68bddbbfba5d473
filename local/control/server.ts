/** The control API over HTTP: loopback, one token, small bodies. What it takes and answers is in api.ts. */
import * as z from 'zod';
import { ConfigError } from '../../infra/config.ts';
import { DeliveryStateError } from '../delivery/deliveries.ts';
import { type Asked, type GuardedServer, jsonOf, jsonReply, Refusal, startGuardedServer } from '../guarded-server.ts';
import { edgeFaultSchema } from '../region/protocol.ts';
import { RegionStateError } from '../region/region.ts';
import { type Supervisor, UnknownNameError } from '../supervisor.ts';
import { CONTROL_TOKEN_HEADER } from './api.ts';

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const DELAY_MS_MAX = 3_600_000;
const MARKER_CHARACTERS_MAX = 200;

const restartSchema = z.strictObject({ fence: z.array(z.record(z.string(), z.unknown())).max(1_000) });
const linkSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  delayMs: z.int().min(0).max(DELAY_MS_MAX).optional(),
  paused: z.boolean().optional(),
  cut: z.boolean().optional(),
});
/** Ranges are checked with the configuration that the settings change. */
const deliverySchema = z.strictObject({
  fault: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'allowed: the name of a fault, such as "slow"')
    .optional(),
  marker: z.string().max(MARKER_CHARACTERS_MAX).optional(),
  settings: z
    .strictObject({
      exposePercent: z.number().optional(),
      exposeMinutes: z.number().optional(),
      bakeMinutes: z.number().optional(),
      ignoreAlarms: z.boolean().optional(),
    })
    .optional(),
  skip: z.array(z.string()).optional(),
});
const afterSchema = z.coerce.number().int().min(0);

export interface ControlServerProps {
  readonly address: string;
  readonly port: number;
  readonly token: string;
  readonly supervisor: Supervisor;
}

export const startControlServer = ({ token, supervisor, ...place }: ControlServerProps): Promise<GuardedServer> =>
  startGuardedServer({
    ...place,
    secret: token,
    header: CONTROL_TOKEN_HEADER,
    bodyBytesMax: BODY_BYTES_MAX,
    answer: async (asked) => jsonReply(200, await handle(asked, supervisor)),
    failed: (error) => jsonReply(statusOf(error), { error: error instanceof Error ? error.message : String(error) }),
  });

const handle = async (asked: Asked, supervisor: Supervisor): Promise<unknown> => {
  const [first, name, action, ...more] = asked.segments;
  if (asked.method === 'GET' && name === undefined) {
    if (first === 'system') return supervisor.system();
    if (first === 'deliveries') return supervisor.deliveries();
    if (first === 'events') return supervisor.events(parse(afterSchema, asked.query.get('after') ?? 0));
  }
  if (asked.method !== 'POST' || more.length > 0) throw unknownRequest(asked);
  const body = asked.body === '' ? undefined : jsonOf(asked.body);
  if (first === 'deliveries' && name === undefined) return supervisor.deliver(parse(deliverySchema, body));
  if (first === 'deliveries' && name === 'stop' && action === undefined) return supervisor.stopDelivery();
  if (first === 'links' && name === undefined) await supervisor.setLink(parse(linkSchema, body));
  else if (first === 'repair' && name === undefined) await supervisor.repair();
  else if (first === 'regions' && name !== undefined && action !== undefined) await change(supervisor, name, action, body, asked);
  else throw unknownRequest(asked);
  return supervisor.system();
};

const change = async (supervisor: Supervisor, name: string, action: string, body: unknown, asked: Asked): Promise<void> => {
  switch (action) {
    case 'lose':
      return supervisor.lose(name);
    case 'freeze':
      return supervisor.freeze(name);
    case 'thaw':
      return supervisor.thaw(name);
    case 'edge':
      return supervisor.setEdge(name, parse(edgeFaultSchema, body));
    case 'restart':
      return supervisor.restart(name, parse(restartSchema, body).fence);
    case 'admit':
      return supervisor.admit(name);
    default:
      throw unknownRequest(asked);
  }
};

const parse = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const result = schema.safeParse(value);
  if (!result.success) throw new Refusal(400, `the request is wrong: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
  return result.data;
};

const unknownRequest = ({ method, segments }: Asked): Refusal =>
  new Refusal(404, `given ${method} /${segments.join('/')}; the requests are listed in local/control/api.ts`);

const statusOf = (error: unknown): number => {
  if (error instanceof Refusal) return error.status;
  if (error instanceof UnknownNameError) return 404;
  if (error instanceof ConfigError) return 400;
  return error instanceof RegionStateError || error instanceof DeliveryStateError ? 409 : 500;
};
