/** CodeDeploy's API as functions reach it: AWS JSON 1.1 over HTTP on loopback, one base URL a region that nobody can guess. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type Asked, jsonOf, jsonReply, Refusal, startGuardedServer } from '../guarded-server.ts';
import { answerRequest, CodeDeployError, type Find } from './requests.ts';

const BODY_BYTES_MAX = 64 * 1_024;
const SECRET_BYTES = 24;
const CONTENT_TYPE = 'application/x-amz-json-1.1';
const bodySchema = z.record(z.string(), z.unknown());

export interface CodeDeployServer {
  /** For `AWS_ENDPOINT_URL_CODEDEPLOY` of a region's functions. */
  url(region: string): string;
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** @param find a deployment of a region */
export const startCodeDeployServer = async (
  address: string,
  find: (region: string, ...id: Parameters<Find>) => ReturnType<Find>,
): Promise<CodeDeployServer> => {
  const server = await startGuardedServer({
    address,
    secret: randomBytes(SECRET_BYTES).toString('base64url'),
    bodyBytesMax: BODY_BYTES_MAX,
    answer: (asked) => jsonReply(200, answerTo(asked, find), CONTENT_TYPE),
    failed: (error) => jsonReply(400, errorBody(error), CONTENT_TYPE),
  });
  return { url: (region) => `${server.url}/${region}`, address, port: server.port, close: () => server.close() };
};

const answerTo = (
  { method, segments: [region, ...more], headers, body }: Asked,
  find: (region: string, ...id: Parameters<Find>) => ReturnType<Find>,
): Readonly<Record<string, unknown>> => {
  if (region === undefined || more.length > 0 || method !== 'POST')
    throw new CodeDeployError('AccessDeniedException', 'this address belongs to the functions of a region');
  const target = headers['x-amz-target'];
  const parsed = bodySchema.safeParse(jsonOf(body));
  if (!parsed.success) throw new CodeDeployError('SerializationException', 'the body is no JSON object');
  return answerRequest(typeof target === 'string' ? target : undefined, (id) => find(region, id), parsed.data);
};

const errorBody = (error: unknown): Readonly<Record<string, string>> =>
  error instanceof CodeDeployError
    ? { __type: error.name, message: error.message }
    : error instanceof Refusal
      ? { __type: 'SerializationException', message: error.message }
      : { __type: 'InternalFailure', message: error instanceof Error ? error.message : String(error) };
