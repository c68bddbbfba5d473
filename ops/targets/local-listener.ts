/**
 * Hears what an emulator's topic tells, as an HTTP subscriber of its own. The Query API of SNS is spoken plainly: one call to
 * subscribe and one to leave are no reason for another client. https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { loopbackRequest } from '../../local/loopback-request.ts';
import { SECRET_HEADER } from '../../local/region/emulator.ts';
import type { Listener } from './target.ts';

export interface TopicListenerProps {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly topicArn: string;
}

const CALL_MS_MAX = 10_000;
const HEARD_MAX = 1_000;

const envelope = z.looseObject({
  Type: z.string(),
  Message: z.string().default(''),
  Subject: z.string().optional(),
  Token: z.string().optional(),
});

/**
 * Resolves when the subscription is confirmed: what is told from then on is heard.
 *
 * @throws {Error} when the topic does not take the subscription, or asks for no confirmation within 10 s
 */
export const listenToTopic = async (props: TopicListenerProps): Promise<Listener> => {
  const { topicArn } = props;
  const heard: string[] = [];
  const confirmed = Promise.withResolvers<string>();
  // Where subscribing itself fails, nobody waits for it any more.
  confirmed.promise.catch(() => undefined);
  const server = createServer(async (request, response) => {
    const told = envelope.safeParse(jsonOf(await text(request)));
    response.end();
    if (!told.success || heard.length >= HEARD_MAX) return;
    const { Type, Token, Subject, Message } = told.data;
    if (Type === 'Notification') heard.push(Subject === undefined ? Message : `${Subject}: ${Message}`);
    else if (Token !== undefined)
      call(props, { Action: 'ConfirmSubscription', TopicArn: topicArn, Token }).then(confirmed.resolve, confirmed.reject);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  try {
    const Endpoint = `http://127.0.0.1:${port}/`;
    await call(props, { Action: 'Subscribe', TopicArn: topicArn, Protocol: 'http', Endpoint });
    const late = setTimeout(() => confirmed.reject(new Error(`${topicArn} asked for no confirmation in ${CALL_MS_MAX} ms`)), CALL_MS_MAX);
    const answer = await confirmed.promise.finally(() => clearTimeout(late));
    const SubscriptionArn = /<SubscriptionArn>([^<]+)</.exec(answer)?.[1];
    return {
      heard,
      close: async () => {
        // The system may have ended before.
        if (SubscriptionArn !== undefined) await call(props, { Action: 'Unsubscribe', SubscriptionArn }).catch(() => undefined);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const jsonOf = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

/** The emulator reads the access key and the scope; the secret is what opens it. */
const call = async (
  { endpoint, region, accessKeyId, secretAccessKey }: TopicListenerProps,
  parameters: Readonly<Record<string, string>>,
): Promise<string> => {
  const response = await loopbackRequest(endpoint, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20000101/${region}/sns/aws4_request, SignedHeaders=host, Signature=none`,
      [SECRET_HEADER]: secretAccessKey,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ Version: '2010-03-31', ...parameters }).toString(),
    signal: AbortSignal.timeout(CALL_MS_MAX),
  });
  const body = await response.body.text();
  if (response.statusCode === 200) return body;
  throw new Error(`${parameters['Action']} of the topic answered ${response.statusCode}: ${body.slice(0, 300)}`);
};
