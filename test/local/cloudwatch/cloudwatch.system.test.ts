/** Alarms of a deployed stack in a real emulator: logs in, states and notifications out. Minutes pass by making the clock jump. */

import { setTimeout as delay } from 'node:timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AlarmState } from '../../../functions/contract/delivery.ts';
import type { AlarmTurn } from '../../../local/cloudwatch/board.ts';
import { CloudWatch } from '../../../local/cloudwatch/cloudwatch.ts';
import { clientOptions, SECRET_HEADER } from '../../../local/emulator-access.ts';
import { PATIENT, startEmulator, type TestEmulator } from '../../support/emulator.ts';
import { untilPasses } from '../../support/eventually.ts';
import { JumpingClock } from './jumping-clock.ts';
import { alarm, REGION, STACK, stackOf } from './templates.ts';
import { ADAPTED, ORIGINAL, RESOURCES } from './watched-stack.ts';

const MINUTE_MS = 60_000;
/** What the stand-in takes: between looks at the logs, and from a minute's end to its evaluation. */
const LOG_POLL_MS = 2_000;
const DATA_DELAY_MS = 30_000;
const LOG_READ_MS = 1_500;
/** Of an evaluation that is due. */
const PASS_MS_MAX = 15_000;

let emulator: TestEmulator;
let clock: JumpingClock;
let cloudWatch: CloudWatch;
let turns: AlarmTurn[];

beforeAll(async () => {
  emulator = await startEmulator(REGION);
});
afterAll(() => emulator?.stop());

beforeEach(async () => {
  turns = [];
  clock = new JumpingClock();
  await deploy();
  cloudWatch = new CloudWatch({ ...emulator, stacks: [ORIGINAL], clock, events: true, onAlarm: (turn) => turns.push(turn) });
  await cloudWatch.start();
});
afterEach(async () => {
  await cloudWatch?.stop();
  await emulator.kill();
  await emulator.restart();
});

describe('the alarms of a deployed stack', () => {
  it('fire on what a function logs, have their actions run, and end when it is over', async () => {
    // given
    expect(stateOf('Errors')).toBe('INSUFFICIENT_DATA');
    await minutesUntil('Errors', 'OK');
    await untilPasses(async () => expect(await notifications()).toContain('Errors OK'));
    // when
    await call();
    // then
    await minutesUntil('Errors', 'ALARM');
    expect(stateOf('Excused')).toBe('ALARM');
    await untilPasses(async () => expect(await notifications()).toContain('Errors ALARM'));
    await untilPasses(async () => expect(await statesThere()).toMatchObject({ Errors: 'ALARM', Excused: 'ALARM', Version: 'OK' }));
    await untilPasses(async () => expect(await events()).toContain('Errors OK -> ALARM'));
    // when the point has left the range that the alarm looks at
    clock.jump(5 * MINUTE_MS);
    // then
    await untilPasses(() => expect(stateOf('Errors')).toBe('OK'));
    await untilPasses(async () => expect(await notifications()).toContain('Errors OK'));
    expect(turns.filter(({ id }) => id === 'Errors').map(({ from, to }) => `${from} ${to}`)).toEqual([
      'INSUFFICIENT_DATA OK',
      'OK ALARM',
      'ALARM OK',
    ]);
  });

  it('fire on what the front door answered, for the version that did not answer', async () => {
    cloudWatch.served(clock.nowMs(), [
      ['1', 200, 12],
      ['1', 502, 5],
      [null, 502, 1],
    ]);
    await minutesUntil('Version', 'ALARM');
    expect(stateOf('Errors')).toBe('OK');
    const [, { reason = '' } = {}] = [...cloudWatch.states()].find(([, { id }]) => id === 'Version') ?? [];
    expect(reason).toBe('Threshold Crossed: 1 out of the last 1 datapoints were greater than or equal to the threshold (1): [1].');
  });

  it('fire on how far a function is behind its stream', async () => {
    const functionName = await outputOf('ApiFunctionName');
    cloudWatch.handed({ functionName, atMs: clock.nowMs(), ageMs: 60_000 });
    await minutesUntil('Behind', 'ALARM');
  });

  it('go on without a region that is frozen, and tell it when it is back', async () => {
    // given
    await minutesUntil('Version', 'OK');
    await untilPasses(async () => expect(await statesThere()).toMatchObject({ Version: 'OK' }));
    // when
    emulator.freeze();
    try {
      cloudWatch.served(clock.nowMs(), [['1', 502, 5]]);
      // then
      await minutesUntil('Version', 'ALARM');
    } finally {
      emulator.thaw();
    }
    await untilPasses(async () => expect(await statesThere()).toMatchObject({ Version: 'ALARM' }));
  });

  it('tell their states anew to a region that came back empty', async () => {
    // given
    cloudWatch.served(clock.nowMs(), [['1', 502, 5]]);
    await minutesUntil('Version', 'ALARM');
    await untilPasses(async () => expect(await statesThere()).toMatchObject({ Version: 'ALARM', Errors: 'OK' }));
    // when
    await emulator.kill();
    await emulator.restart();
    await deploy();
    expect(await statesThere()).toMatchObject({ Version: 'INSUFFICIENT_DATA' });
    await cloudWatch.refresh();
    // then
    await untilPasses(async () => expect(await statesThere()).toMatchObject({ Version: stateOf('Version'), Errors: stateOf('Errors') }));
  });

  it('undo what the emulator makes of an alarm by itself', async () => {
    await minutesUntil('Errors', 'OK');
    await untilPasses(async () => expect(await statesThere()).toMatchObject({ Errors: 'OK' }));
    const name = await nameOf('Errors');
    await using client = closing(new CloudWatchClient(clientOptions({ ...emulator, name: REGION }, PATIENT)));
    await client.send(new SetAlarmStateCommand({ AlarmName: name, StateValue: 'ALARM', StateReason: 'not by us' }));
    await untilPasses(async () => expect(await statesThere()).toMatchObject({ Errors: 'OK' }));
  });

  it('that cannot be understood are refused before anything starts', () => {
    const unknown = stackOf({ Errors: alarm({ Period: 10 }) });
    expect(() => new CloudWatch({ ...emulator, stacks: [unknown], onAlarm: () => undefined })).toThrow(`stack ${STACK}, alarm Errors:`);
  });

  it('that nobody supplies are told', () => {
    expect(cloudWatch.unsupplied().map(({ alarms }) => alarms)).toEqual([['Depth']]);
  });
});

async function deploy(): Promise<void> {
  await using client = closing(new CloudFormationClient(clientOptions({ ...emulator, name: REGION }, PATIENT)));
  await client.send(new CreateStackCommand({ StackName: STACK, TemplateBody: JSON.stringify(ADAPTED.template) }));
  await waitUntilStackCreateComplete({ client, maxWaitTime: 120, minDelay: 1, maxDelay: 1 }, { StackName: STACK });
}

/** Minutes pass, two at most, until the state is this: logs are read first, then the minute that ran is evaluated. */
async function minutesUntil(id: string, state: AlarmState): Promise<void> {
  const pass = async (): Promise<void> => {
    clock.jump(LOG_POLL_MS);
    await delay(LOG_READ_MS);
    clock.jump(MINUTE_MS + DATA_DELAY_MS);
    await untilPasses(() => expect(stateOf(id)).toBe(state), PASS_MS_MAX);
  };
  // On a busy machine a log can be read too late for the first; the point is still in the range of the second.
  await pass().catch(pass);
}

function stateOf(id: string): string | undefined {
  return [...cloudWatch.states().values()].find((each) => each.id === id)?.state;
}

async function nameOf(id: string): Promise<string> {
  return [...cloudWatch.states()].find(([, each]) => each.id === id)?.[0] ?? '';
}

/** In the emulator, by logical id. */
async function statesThere(): Promise<Readonly<Record<string, string>>> {
  await using client = closing(new CloudWatchClient(clientOptions({ ...emulator, name: REGION }, PATIENT)));
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({}));
  const ids = new Map([...cloudWatch.states()].map(([name, { id }]) => [name, id]));
  return Object.fromEntries(
    MetricAlarms.map(({ AlarmName = '', StateValue = '' }) => [ids.get(AlarmName) ?? logicalIdIn(AlarmName), StateValue]),
  );
}

/** Of a name that another emulator gave. */
function logicalIdIn(name: string): string {
  return Object.keys(RESOURCES).find((id) => name.includes(`-${id}-`)) ?? name;
}

async function call(): Promise<void> {
  await using client = closing(new LambdaClient(clientOptions({ ...emulator, name: REGION }, PATIENT)));
  // The clock that alarms are evaluated by has jumped ahead of the function's own.
  const Payload = Buffer.from(JSON.stringify({ atMs: clock.nowMs() }));
  const { FunctionError } = await client.send(new InvokeCommand({ FunctionName: await outputOf('ApiFunctionName'), Payload }));
  expect(FunctionError).toBeUndefined();
}

/** `Errors ALARM`, of the notifications that came since the last look. */
async function notifications(): Promise<readonly string[]> {
  const names = new Map([...cloudWatch.states()].map(([name, { id }]) => [name, id]));
  return (await messagesOf('Told')).map((text) => {
    const { AlarmName, NewStateValue }: { AlarmName: string; NewStateValue: string } = JSON.parse(text);
    return `${names.get(AlarmName)} ${NewStateValue}`;
  });
}

async function events(): Promise<readonly string[]> {
  const names = new Map([...cloudWatch.states()].map(([name, { id }]) => [name, id]));
  return (await messagesOf('Events')).map((text) => {
    const { detail }: { detail: { alarmName: string; state: { value: string }; previousState: { value: string } } } = JSON.parse(text);
    return `${names.get(detail.alarmName)} ${detail.previousState.value} -> ${detail.state.value}`;
  });
}

async function messagesOf(output: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (;;) {
    const body = new URLSearchParams({
      Action: 'ReceiveMessage',
      QueueUrl: await outputOf(output),
      MaxNumberOfMessages: '10',
      Version: '2012-11-05',
    });
    const answer = await fetch(emulator.endpoint, {
      method: 'POST',
      body,
      headers: { authorization: authorization(), [SECRET_HEADER]: emulator.secretAccessKey },
    });
    const bodies = [...(await answer.text()).matchAll(/<Body>(.*?)<\/Body>/gs)].map(([, each = '']) => unescaped(each));
    found.push(...bodies);
    if (bodies.length === 0) return found;
  }
}

/** The emulator takes region and service from it. */
function authorization(): string {
  return `AWS4-HMAC-SHA256 Credential=${emulator.accessKeyId}/20260101/${REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0`;
}

function unescaped(xml: string): string {
  return xml.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

async function outputOf(name: string): Promise<string> {
  await using client = closing(new CloudFormationClient(clientOptions({ ...emulator, name: REGION }, PATIENT)));
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: STACK }));
  return Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue ?? '';
}

function closing<T extends { destroy(): void }>(client: T): T & AsyncDisposable {
  return Object.assign(client, { [Symbol.asyncDispose]: async () => client.destroy() });
}
