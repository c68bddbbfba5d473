/** CodeDeploy's API as functions reach it: AWS JSON 1.1 over HTTP on loopback, one base URL a region that nobody can guess. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { answerRequest, CodeDeployError, type Find } from './requests.ts';

const BODY_BYTES_MAX = 64 * 1_024;
const bodySchema = z.record(z.string(), z.unknown());

export interface CodeDeployServer {
  /** For `AWS_ENDPOINT_URL_CODEDEPLOY` of a region's functions. */
  url(region: string): string;
  close(): Promise<void>;
}

/** @param find a deployment of a region */
export const startCodeDeployServer = async (
  address: string,
  find: (region: string, ...id: Parameters<Find>) => ReturnType<Find>,
): Promise<CodeDeployServer> => {
  const secret = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    handle(request, secret, find).then(
      (body) => send(response, 200, body),
      (error: unknown) => send(response, 400, errorBody(error)),
    );
  });
  server.listen({ host: address, port: 0 });
  await once(server, 'listening');
  const at = server.address();
  const port = at !== null && typeof at === 'object' ? at.port : 0;
  return {
    url: (region) => `http://${address}:${port}/${secret}/${region}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const handle = async (
  request: IncomingMessage,
  secret: string,
  find: (region: string, ...id: Parameters<Find>) => ReturnType<Find>,
): Promise<Readonly<Record<string, unknown>>> => {
  const [given, region, ...more] = (request.url ?? '').split('/').filter((part) => part !== '');
  if (given !== secret || region === undefined || more.length > 0 || request.method !== 'POST')
    throw new CodeDeployError('AccessDeniedException', 'this address belongs to the functions of a region');
  const target = request.headers['x-amz-target'];
  return answerRequest(typeof target === 'string' ? target : undefined, (id) => find(region, id), await bodyOf(request));
};

const bodyOf = async (request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.byteLength;
    if (bytes > BODY_BYTES_MAX) throw new CodeDeployError('SerializationException', `given a body of more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(piece);
  }
  try {
    return bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
  } catch {
    throw new CodeDeployError('SerializationException', 'the body is no JSON object');
  }
};

const errorBody = (error: unknown): Readonly<Record<string, string>> =>
  error instanceof CodeDeployError
    ? { __type: error.name, message: error.message }
    : { __type: 'InternalFailure', message: error instanceof Error ? error.message : String(error) };

const send = (response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
};
