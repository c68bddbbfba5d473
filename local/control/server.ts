/** The control API over HTTP: loopback, one token, small bodies. What it takes and answers is in api.ts. */
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { ConfigError } from '../../infra/config.ts';
import { DeliveryStateError } from '../delivery/deliveries.ts';
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

/** The request is at fault. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface ControlServerProps {
  readonly address: string;
  readonly port: number;
  readonly token: string;
  readonly supervisor: Supervisor;
}

export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

export const startControlServer = async ({ address, port, token, supervisor }: ControlServerProps): Promise<ControlServer> => {
  const server = createServer((request, response) => {
    handle(request, token, supervisor).then(
      (body) => send(response, 200, body),
      (error: unknown) => send(response, statusOf(error), { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  server.listen({ host: address, port });
  await once(server, 'listening');
  const at = server.address();
  return {
    url: `http://${address}:${at !== null && typeof at === 'object' ? at.port : port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const handle = async (request: IncomingMessage, token: string, supervisor: Supervisor): Promise<unknown> => {
  if (!isToken(request.headers[CONTROL_TOKEN_HEADER], token))
    throw new Refusal(401, `no or a wrong ${CONTROL_TOKEN_HEADER}; it stands in .tandem/local/system.json`);
  const url = new URL(request.url ?? '/', 'http://control');
  const [first, name, action, ...more] = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  if (request.method === 'GET' && name === undefined) {
    if (first === 'system') return supervisor.system();
    if (first === 'deliveries') return supervisor.deliveries();
    if (first === 'events') return supervisor.events(parse(afterSchema, url.searchParams.get('after') ?? 0));
  }
  if (request.method !== 'POST' || more.length > 0) throw unknownRequest(request);
  const body = await bodyOf(request);
  if (first === 'deliveries' && name === undefined) return supervisor.deliver(parse(deliverySchema, body));
  if (first === 'deliveries' && name === 'stop' && action === undefined) return supervisor.stopDelivery();
  if (first === 'links' && name === undefined) await supervisor.setLink(parse(linkSchema, body));
  else if (first === 'repair' && name === undefined) await supervisor.repair();
  else if (first === 'regions' && name !== undefined && action !== undefined) await change(supervisor, name, action, body, request);
  else throw unknownRequest(request);
  return supervisor.system();
};

const change = async (supervisor: Supervisor, name: string, action: string, body: unknown, request: IncomingMessage): Promise<void> => {
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
      throw unknownRequest(request);
  }
};

const isToken = (given: string | string[] | undefined, token: string): boolean => {
  const [one, other] = [Buffer.from(typeof given === 'string' ? given : ''), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
};

const parse = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const result = schema.safeParse(value);
  if (!result.success) throw new Refusal(400, `the request is wrong: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
  return result.data;
};

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.byteLength;
    if (bytes > BODY_BYTES_MAX) throw new Refusal(413, `given a body of more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(piece);
  }
  const text = Buffer.concat(chunks).toString();
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
};

const unknownRequest = (request: IncomingMessage): Refusal =>
  new Refusal(404, `given ${request.method} ${request.url}; the requests are listed in local/control/api.ts`);

const statusOf = (error: unknown): number => {
  if (error instanceof Refusal) return error.status;
  if (error instanceof UnknownNameError) return 404;
  if (error instanceof ConfigError) return 400;
  return error instanceof RegionStateError || error instanceof DeliveryStateError ? 409 : 500;
};

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
