/**
 * Hears what an emulator's topic tells, as an HTTP subscriber of its own. The Query API of SNS is spoken plainly: one call to
 * subscribe and one to leave are no reason for another client. https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
 */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { SECRET_HEADER } from '../../local/emulator-access.ts';
import { jsonOf, jsonReply, Refusal, startGuardedServer } from '../../local/guarded-server.ts';
import { loopbackRequest } from '../../local/loopback-request.ts';
import { SHARED_ADDRESS } from '../../local/network.ts';
import { messageOf } from '../errors.ts';
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
/** Of 256 KiB, the most that SNS sends, with what JSON puts before quotes: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const BODY_BYTES_MAX = 512 * 1_024;
const SECRET_BYTES = 24;

const envelope = z.looseObject({
  Type: z.string(),
  TopicArn: z.string(),
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
  const hear = ({ Type, Token, Subject, Message }: z.output<typeof envelope>): void => {
    if (Type === 'Notification') heard.push(Subject === undefined ? Message : `${Subject}: ${Message}`);
    else if (Token !== undefined)
      call(props, { Action: 'ConfirmSubscription', TopicArn: topicArn, Token }).then(confirmed.resolve, confirmed.reject);
  };
  const server = await startGuardedServer({
    address: SHARED_ADDRESS,
    // The topic alone is told the address: what comes there comes from it.
    secret: randomBytes(SECRET_BYTES).toString('base64url'),
    bodyBytesMax: BODY_BYTES_MAX,
    answer: ({ body }) => {
      const told = envelope.safeParse(jsonOf(body));
      if (!told.success || told.data.TopicArn !== topicArn) throw new Refusal(400, `given no message of ${topicArn}`);
      if (heard.length < HEARD_MAX) hear(told.data);
      return jsonReply(200, {});
    },
    failed: (error) => jsonReply(error instanceof Refusal ? error.status : 500, { error: messageOf(error) }),
  });
  try {
    await call(props, { Action: 'Subscribe', TopicArn: topicArn, Protocol: 'http', Endpoint: server.url });
    const late = setTimeout(() => confirmed.reject(new Error(`${topicArn} asked for no confirmation in ${CALL_MS_MAX} ms`)), CALL_MS_MAX);
    const answer = await confirmed.promise.finally(() => clearTimeout(late));
    const SubscriptionArn = /<SubscriptionArn>([^<]+)</.exec(answer)?.[1];
    return {
      heard,
      close: async () => {
        // The system may have ended before.
        if (SubscriptionArn !== undefined) await call(props, { Action: 'Unsubscribe', SubscriptionArn }).catch(() => undefined);
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
};

/** The emulator reads the access key and the scope; the secret is what opens it. */
const call = async (
  { endpoint, region, accessKeyId, secretAccessKey }: TopicListenerProps,
  parameters: Readonly<Record<string, string>>,
): Promise<string> => {
  const { statusCode, text } = await loopbackRequest(endpoint, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20000101/${region}/sns/aws4_request, SignedHeaders=host, Signature=none`,
      [SECRET_HEADER]: secretAccessKey,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ Version: '2010-03-31', ...parameters }).toString(),
    withinMs: CALL_MS_MAX,
  });
  if (statusCode === 200) return text;
  throw new Error(`${parameters['Action']} of the topic answered ${statusCode}: ${text.slice(0, 300)}`);
};
