import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECRET_HEADER } from '../../../local/emulator-access.ts';
import { listenToTopic } from '../../../ops/targets/local-listener.ts';
import { startEmulator, type TestEmulator } from '../../support/emulator.ts';
import { untilPasses } from '../../support/eventually.ts';

describe('a topic of an emulator', () => {
  let emulator: TestEmulator;
  beforeAll(async () => {
    emulator = await startEmulator('eu-west-1');
  });
  afterAll(() => emulator.stop());

  const sns = async (parameters: Readonly<Record<string, string>>): Promise<string> => {
    const answer = await fetch(emulator.endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${emulator.accessKeyId}/20000101/eu-west-1/sns/aws4_request, SignedHeaders=host, Signature=none`,
        [SECRET_HEADER]: emulator.secretAccessKey,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ Version: '2010-03-31', ...parameters }).toString(),
    });
    return answer.text();
  };
  const newTopic = async (Name: string): Promise<string> =>
    /<TopicArn>([^<]+)</.exec(await sns({ Action: 'CreateTopic', Name }))?.[1] ?? '';

  it('is heard from the subscription on, until it is left', async () => {
    const topicArn = await newTopic('cell');
    const listener = await listenToTopic({ ...emulator, topicArn });
    await sns({ Action: 'Publish', TopicArn: topicArn, Subject: 'ALARM', Message: 'errors of version 8' });
    await untilPasses(() => expect(listener.heard).toEqual(['ALARM: errors of version 8']));
    await listener.close();
    await sns({ Action: 'Publish', TopicArn: topicArn, Message: 'later' });
    expect(await sns({ Action: 'ListSubscriptionsByTopic', TopicArn: topicArn })).not.toContain('<Endpoint>');
  });

  it('is not heard from a page, from who does not know the address, or of another topic', async () => {
    const topicArn = await newTopic('cell');
    const listener = await listenToTopic({ ...emulator, topicArn });
    const [, address = ''] = /<Endpoint>([^<]+)</.exec(await sns({ Action: 'ListSubscriptionsByTopic', TopicArn: topicArn })) ?? [];
    const { origin, pathname } = new URL(address);
    const post = async (url: string, headers: Readonly<Record<string, string>>, TopicArn: string) => {
      const body = JSON.stringify({ Type: 'Notification', TopicArn, Message: 'forged' });
      return (await fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain', ...headers }, body })).status;
    };
    expect(pathname.length).toBeGreaterThan(32);
    expect(await post(origin, { origin: 'https://evil.example' }, topicArn)).toBe(403);
    expect(await post(`${origin}/${'x'.repeat(32)}`, {}, topicArn)).toBe(403);
    expect(await post(address, { origin: 'https://evil.example' }, topicArn)).toBe(403);
    expect(await post(address, {}, `${topicArn}s`)).toBe(400);
    await sns({ Action: 'Publish', TopicArn: topicArn, Message: 'real' });
    await untilPasses(() => expect(listener.heard).toContain('real'));
    expect(listener.heard).toEqual(['real']);
    await listener.close();
  });

  it('that does not exist is told', async () => {
    await expect(listenToTopic({ ...emulator, topicArn: 'arn:aws:sns:eu-west-1:000000000000:none' })).rejects.toThrow(
      /Subscribe of the topic answered 40/,
    );
  });
});
