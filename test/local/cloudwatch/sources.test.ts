import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embedded } from '../../../functions/aws/log.ts';
import { describeMetric } from '../../../local/cloudwatch/alarm.ts';
import { readAlarms } from '../../../local/cloudwatch/alarms.ts';
import { datapointsIn } from '../../../local/cloudwatch/emf.ts';
import { apiOf, datapointsOf } from '../../../local/cloudwatch/front-door.ts';
import { datapointsOfLine, functionLogsOf } from '../../../local/cloudwatch/function-logs.ts';
import { datapointOfAge } from '../../../local/cloudwatch/iterator-age.ts';
import { type LogEvent, type LogPage, LogTail } from '../../../local/cloudwatch/log-tail.ts';
import type { Datapoint } from '../../../local/cloudwatch/metrics.ts';
import { unsupplied } from '../../../local/cloudwatch/supply.ts';
import { SYMBOLIC } from '../../../local/cloudwatch/template.ts';
import { alarm, type Properties, stackOf } from './templates.ts';

describe('a log line in the embedded metric format', () => {
  it('of the functions is read as they wrote it', () => {
    const measured = {
      metrics: [
        { name: 'Requests', unit: 'Count', value: 1 },
        { name: 'Latency', unit: 'Milliseconds', value: 12.5 },
      ],
      dimensions: { Peer: 'us-east-2' },
      sets: [[], ['Peer']],
    } as const;
    const line = JSON.stringify({ timestamp: 'now', level: 'INFO', message: 'm', ...embedded(measured, 1_000) });
    expect(told(datapointsIn(line))).toEqual([
      'Tandem Requests = 1 at 1000',
      'Tandem Requests {Peer=us-east-2} = 1 at 1000',
      'Tandem Latency = 12.5 at 1000',
      'Tandem Latency {Peer=us-east-2} = 12.5 at 1000',
    ]);
  });

  it('may hold several directives, and several values of a metric', () => {
    const line = emf(
      [
        { Namespace: 'A', Dimensions: [['d', 'e']], Metrics: [{ Name: 'm' }] },
        { Namespace: 'B', Dimensions: [[]], Metrics: [{ Name: 'n', Unit: 'Count' }] },
      ],
      { m: [1, 2], n: 3, d: 'x', e: 'y' },
    );
    expect(told(datapointsIn(line))).toEqual(['A m {d=x, e=y} = 1 at 5', 'A m {d=x, e=y} = 2 at 5', 'B n = 3 at 5']);
  });

  it.each([
    ['no JSON', '{"_aws": '],
    ['no object', '"_aws"'],
    ['no metrics', '{"level":"INFO"}'],
    ['no time', JSON.stringify({ _aws: { CloudWatchMetrics: [{ Namespace: 'A', Dimensions: [[]], Metrics: [{ Name: 'm' }] }] }, m: 1 })],
    ['no namespace', emf([{ Dimensions: [[]], Metrics: [{ Name: 'm' }] }], { m: 1 })],
    ['no value', emf([{ Namespace: 'A', Dimensions: [[]], Metrics: [{ Name: 'm' }] }], {})],
    ['a value that is no number', emf([{ Namespace: 'A', Dimensions: [[]], Metrics: [{ Name: 'm' }] }], { m: '1' })],
    ['a dimension without a value', emf([{ Namespace: 'A', Dimensions: [['d']], Metrics: [{ Name: 'm' }] }], { m: 1 })],
    ['a dimension that is no text', emf([{ Namespace: 'A', Dimensions: [['d']], Metrics: [{ Name: 'm' }] }], { m: 1, d: 1 })],
    ['more than 100 values', emf([{ Namespace: 'A', Dimensions: [[]], Metrics: [{ Name: 'm' }] }], { m: Array(101).fill(1) })],
  ])('that is malformed holds no metric: %s', (_, line) => {
    expect(datapointsIn(line)).toEqual([]);
  });

  it('one bad part leaves the others', () => {
    const line = emf([{ Namespace: 'A', Dimensions: [['gone'], []], Metrics: [{ Name: 'bad' }, { Name: 'm' }] }, 'nonsense'], {
      m: 1,
      bad: 'x',
    });
    expect(told(datapointsIn(line))).toEqual(['A m = 1 at 5']);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.anything().map((value) => `{"_aws":${JSON.stringify(value)}}`),
        ),
        (line) => {
          expect(Array.isArray(datapointsIn(line))).toBe(true);
        },
      ),
    );
  });
});

describe("a function's log", () => {
  it('tells of each call that ended, and of nothing else', () => {
    const lines = [
      'START RequestId: 1 Version: 7',
      'REPORT is what I write',
      'END RequestId: 1',
      'REPORT RequestId: 1\tDuration: 41 ms\tBilled Duration: 41 ms\tMemory Size: 128 MB\tMax Memory Used: 0 MB',
    ];
    expect(lines.flatMap((message) => told(datapointsOfLine('f', { atMs: 9, message })))).toEqual([
      'AWS/Lambda Invocations {FunctionName=f} = 1 at 9',
      'AWS/Lambda Duration {FunctionName=f} = 41 at 9',
    ]);
  });

  it('is the group that the template gives it, or the one that Lambda makes', () => {
    const stack = stackOf({
      One: { Type: 'AWS::Lambda::Function', Properties: { LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: 'Logs' } } } },
      Two: { Type: 'AWS::Lambda::Function' },
      Logs: { Type: 'AWS::Logs::LogGroup' },
    });
    expect(functionLogsOf(stack, SYMBOLIC)).toEqual([
      { functionName: 'One', logGroup: 'Logs' },
      { functionName: 'Two', logGroup: '/aws/lambda/Two' },
    ]);
  });
});

describe('what a front door answered', () => {
  const api = { name: 'tandem', stage: 'live', functionName: 'f' };

  it('is counted for the API, and for its function by alias and by version', () => {
    expect(told(datapointsOf(api, 5, [['7', 200, 12]]))).toEqual([
      ...['{ApiName=tandem}', '{ApiName=tandem, Stage=live}'].flatMap((dimensions) => [
        `AWS/ApiGateway Count ${dimensions} = 1 at 5`,
        `AWS/ApiGateway 4XXError ${dimensions} = 0 at 5`,
        `AWS/ApiGateway 5XXError ${dimensions} = 0 at 5`,
        `AWS/ApiGateway Latency ${dimensions} = 12 at 5`,
      ]),
      'AWS/Lambda Errors {FunctionName=f} = 0 at 5',
      ...['{FunctionName=f, Resource=f:live}', '{FunctionName=f, Resource=f:live, ExecutedVersion=7}'].flatMap((dimensions) => [
        `AWS/Lambda Invocations ${dimensions} = 1 at 5`,
        `AWS/Lambda Errors ${dimensions} = 0 at 5`,
        `AWS/Lambda Duration ${dimensions} = 12 at 5`,
      ]),
    ]);
  });

  it.each([
    ['502 without an answer of the function is an error of its version', 502, 0, 1, 1],
    ['503 that the function says is none', 503, 0, 1, 0],
    ['500 that the function says is one of the API', 500, 0, 1, 0],
    ['499 is one of the caller', 499, 1, 0, 0],
    ['404 that the function says is none', 404, 1, 0, 0],
  ])('%s', (_, status, client, server, errors) => {
    const points = datapointsOf(api, 0, [['7', status, 1]]);
    const sum = (metric: string): number =>
      points.filter((each) => describeMetric(each.metric) === metric).reduce((total, { value }) => total + value, 0);
    expect(sum('AWS/ApiGateway 4XXError {ApiName=tandem}')).toBe(client);
    expect(sum('AWS/ApiGateway 5XXError {ApiName=tandem}')).toBe(server);
    expect(sum('AWS/Lambda Errors {FunctionName=f, Resource=f:live, ExecutedVersion=7}')).toBe(errors);
    expect(sum('AWS/Lambda Errors {FunctionName=f}')).toBe(errors);
  });

  it('counts for no function where none was asked, and for the API all the same', () => {
    const points = told(datapointsOf(api, 0, [[null, 502, 1]]));
    expect(points.filter((each) => each.includes('Lambda'))).toEqual([]);
    expect(points).toContain('AWS/ApiGateway 5XXError {ApiName=tandem, Stage=live} = 1 at 0');
  });

  it('shares no metric with what the function logs, so that nothing is counted twice', () => {
    const report = { atMs: 0, message: 'REPORT RequestId: 1\tDuration: 41 ms' };
    const names = (points: readonly Datapoint[]) => new Set(points.map(({ metric }) => describeMetric(metric)));
    const logged = names(datapointsOfLine('f', report));
    expect([...names(datapointsOf(api, 0, [['7', 200, 1]]))].filter((name) => logged.has(name))).toEqual([]);
  });
});

describe('a batch of a stream that went to a function', () => {
  it('is the age of its last record, in milliseconds', () => {
    expect(told([datapointOfAge({ functionName: 'f', atMs: 5, ageMs: 1_200 })])).toEqual([
      'AWS/Lambda IteratorAge {FunctionName=f} = 1200 at 5',
    ]);
  });
});

describe('metrics that nobody supplies', () => {
  const stack = stackOf(
    {
      Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'tandem' } },
      Fn: { Type: 'AWS::Lambda::Function' },
      Other: { Type: 'AWS::Lambda::Function' },
      Own: on('Tandem', 'Errors'),
      Gateway: on('AWS/ApiGateway', '5XXError', { ApiName: 'tandem', Stage: 'live' }),
      Version: on('AWS/Lambda', 'Errors', { FunctionName: 'Fn', Resource: 'Fn:live', ExecutedVersion: '7' }),
      Calls: on('AWS/Lambda', 'Duration', { FunctionName: 'Other' }),
      Behind: on('AWS/Lambda', 'IteratorAge', { FunctionName: 'Other' }),
      OtherErrors: on('AWS/Lambda', 'Errors', { FunctionName: 'Other' }),
      OtherVersion: on('AWS/Lambda', 'Duration', { FunctionName: 'Other', ExecutedVersion: '7' }),
      OtherGateway: on('AWS/ApiGateway', '5XXError', { ApiName: 'another' }),
      Queue: on('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: 'q' }),
      Queue2: on('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: 'q' }),
    },
    { RestApiId: { Value: { Ref: 'Api' } }, StageName: { Value: 'live' }, ApiFunctionName: { Value: { Ref: 'Fn' } } },
  );

  it('are told with their alarms', () => {
    const suppliers = { api: apiOf(stack, SYMBOLIC), functions: functionLogsOf(stack, SYMBOLIC) };
    expect(
      unsupplied(
        readAlarms([stack], () => SYMBOLIC),
        suppliers,
      ),
    ).toEqual([
      { metric: 'AWS/Lambda Errors {FunctionName=Other}', alarms: ['OtherErrors'] },
      { metric: 'AWS/Lambda Duration {FunctionName=Other, ExecutedVersion=7}', alarms: ['OtherVersion'] },
      { metric: 'AWS/ApiGateway 5XXError {ApiName=another}', alarms: ['OtherGateway'] },
      { metric: 'AWS/SQS ApproximateNumberOfMessagesVisible {QueueName=q}', alarms: ['Queue', 'Queue2'] },
    ]);
  });
});

describe('the tail of a log group', () => {
  it('gives each event once, though timestamps tie, pages are cut off, calls fail and events appear late', async () => {
    // given events that become visible batch by batch, each stream in its order, and none more than 5 s late
    const anyEvent = fc.record({ stream: fc.constantFrom('a', 'b'), lateMs: fc.integer({ min: 0, max: 4_000 }) });
    const anyBatches = fc.array(fc.record({ events: fc.array(anyEvent, { maxLength: 12 }), fails: fc.boolean() }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(anyBatches, fc.integer({ min: 13, max: 20 }), async (batches, pageSize) => {
        const log = new FakeLog(pageSize);
        const tail = new LogTail('group', 0, (_, fromMs) => log.read(fromMs));
        const given: string[] = [];
        // when each is polled for
        for (const [turn, { events, fails }] of batches.entries()) {
          log.append(events.map(({ stream, lateMs }) => ({ stream, atMs: 10_000 + turn * 1_000 - lateMs })));
          log.failing = fails;
          await tail.poll(({ message }) => given.push(message)).catch(() => undefined);
        }
        log.failing = false;
        await tail.poll(({ message }) => given.push(message));
        // then
        expect(given.toSorted()).toEqual(log.messages().toSorted());
      }),
    );
  });

  it('reads on after a page that was cut off', async () => {
    const log = new FakeLog(10);
    log.append(Array.from({ length: 35 }, (_, index) => ({ stream: 'a', atMs: 1_000 + Math.floor(index / 4) })));
    const given: string[] = [];
    await new LogTail('group', 0, (_, fromMs) => log.read(fromMs)).poll(({ message }) => given.push(message));
    expect(given).toEqual(log.messages());
  });

  it('leaves out what was before it began', async () => {
    const log = new FakeLog(10);
    log.append([
      { stream: 'a', atMs: 999 },
      { stream: 'a', atMs: 1_000 },
    ]);
    const given: string[] = [];
    await new LogTail('group', 1_000, (_, fromMs) => log.read(fromMs)).poll(({ message }) => given.push(message));
    expect(given).toEqual(['event 1']);
  });
});

/** Orders by time, stably, and cuts pages off, as the emulator does. */
class FakeLog {
  readonly #pageSize: number;
  #events: readonly LogEvent[] = [];
  failing = false;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  append(events: readonly Omit<LogEvent, 'message'>[]): void {
    const numbered = events.map((event, index) => ({ ...event, message: `event ${this.#events.length + index}` }));
    this.#events = [...this.#events, ...numbered];
  }

  messages(): readonly string[] {
    return this.#events.map(({ message }) => message);
  }

  async read(fromMs: number): Promise<LogPage> {
    if (this.failing) throw new Error('the region does not answer');
    const events = this.#events.filter(({ atMs }) => atMs >= fromMs).toSorted((a, b) => a.atMs - b.atMs);
    return { events: events.slice(0, this.#pageSize), truncated: events.length > this.#pageSize };
  }
}

function emf(directives: readonly unknown[], fields: Properties): string {
  return JSON.stringify({ _aws: { Timestamp: 5, CloudWatchMetrics: directives }, ...fields });
}

function told(points: readonly Datapoint[]): readonly string[] {
  return points.map(({ metric, value, atMs }) => `${describeMetric(metric)} = ${value} at ${atMs}`);
}

function on(namespace: string, name: string, dimensions: Readonly<Record<string, string>> = {}) {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return alarm({ Namespace: namespace, MetricName: name, Dimensions });
}
