import { describe, expect, it } from 'vitest';
import { adaptTemplate } from '../../../local/deployment/adapt.ts';
import { mappingOf } from '../../../local/streams/mapping.ts';

const STREAM = 'arn:aws:dynamodb:eu-west-1:000000000000:table/t/stream/2026-01-01T00:00:00.000';
const ALIAS = 'arn:aws:lambda:eu-west-1:000000000000:function:f:live';
const STORED = { UUID: 'u', EventSourceArn: STREAM, FunctionArn: ALIAS, StartingPosition: 'TRIM_HORIZON', State: 'Disabled' };
const WRITTEN = {
  EventSourceArn: { 'Fn::GetAtt': ['Stream', 'Arn'] },
  FunctionName: { Ref: 'Alias' },
  StartingPosition: 'TRIM_HORIZON',
};

describe('a mapping that the emulator has stored', () => {
  it('has the defaults of Lambda where nothing is said', () => {
    expect(mappingOf(STORED)).toEqual({
      id: 'u',
      streamArn: STREAM,
      functionArn: ALIAS,
      destinationArn: undefined,
      patterns: [],
      batchSize: 100,
      windowMs: 0,
      bisects: false,
      reports: false,
      retriesMax: undefined,
      ageMsMax: undefined,
    });
  });

  it('is read with its rules', () => {
    const filter = (...eventName: string[]) => ({ Pattern: JSON.stringify({ eventName }) });
    expect(
      mappingOf({
        ...STORED,
        BatchSize: 7,
        MaximumBatchingWindowInSeconds: 2,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: 0,
        MaximumRecordAgeInSeconds: 60,
        FilterCriteria: { Filters: [filter('INSERT', 'MODIFY'), filter('REMOVE')] },
        DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:eu-west-1:000000000000:q' } },
      }),
    ).toMatchObject({
      batchSize: 7,
      windowMs: 2_000,
      bisects: true,
      reports: true,
      retriesMax: 0,
      ageMsMax: 60_000,
      patterns: [{ eventName: ['INSERT', 'MODIFY'] }, { eventName: ['REMOVE'] }],
      destinationArn: 'arn:aws:sqs:eu-west-1:000000000000:q',
    });
    expect(mappingOf({ ...STORED, MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: -1 })).toMatchObject({
      retriesMax: undefined,
      ageMsMax: undefined,
    });
  });

  it.each([
    ['another source', { EventSourceArn: 'arn:aws:kinesis:eu-west-1:000000000000:stream/s' }, 'a stream of a DynamoDB table'],
    [
      'another destination',
      { DestinationConfig: { OnFailure: { Destination: 'arn:aws:sns:eu-west-1:000000000000:t' } } },
      'the ARN of an SQS queue',
    ],
  ])('is refused with %s', (_, given, supported) => {
    expect(() => mappingOf({ ...STORED, ...given })).toThrow(supported);
  });
});

describe('the copy of a template that an emulator gets', () => {
  const adapt = (Properties: object) => adaptTemplate({ Resources: { Mapping: mapping(Properties) } }, 'eu-west-1');
  const mapping = (Properties: object) => ({ Type: 'AWS::Lambda::EventSourceMapping', Properties });

  it("leaves a stream's mapping to local/streams, and tells so", () => {
    const { template, replaced } = adapt({ ...WRITTEN, BatchSize: 7 });
    expect(template['Resources']).toEqual({ Mapping: mapping({ ...WRITTEN, BatchSize: 7, Enabled: false }) });
    expect(replaced).toEqual([
      { type: 'stream of AWS::Lambda::EventSourceMapping', count: 1, suppliedBy: expect.stringContaining('local/streams') },
    ]);
  });

  it("leaves a queue's mapping to the emulator", () => {
    const queue = { EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] }, FunctionName: { Ref: 'Fn' } };
    expect(adapt(queue)).toEqual({ template: { Resources: { Mapping: mapping(queue) } }, replaced: [] });
  });

  it.each([
    ['a filter on content', ['{"dynamodb":{"NewImage":{"pk":{"S":["a"]}}}}']],
    ['a filter on a number', ['{"dynamodb":{"Keys":{"pk":{"N":["1"]}}}}']],
    ['a filter with another condition', ['{"dynamodb":{"Keys":{"pk":{"S":[{"suffix":"a"}]}}}}']],
    ['a filter that asks whether a key is there', ['{"dynamodb":{"Keys":{"pk":[{"exists":true}]}}}']],
    ['a filter on the beginning of nothing', ['{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":""}]}}}}']],
    ['a filter on no key', ['{"dynamodb":{"Keys":{}}}']],
    ['a filter without a rule', ['{}']],
    ['a filter without a value', ['{"eventName":[]}']],
    ['a filter on a value that is no list', ['{"eventName":"INSERT"}']],
    ['a filter on events with a condition', ['{"eventName":[{"prefix":"INS"}]}']],
    ['a filter on an event that does not exist', ['{"eventName":["UPSERT"]}']],
    ['a filter that is longer than AWS takes', [`{"eventName":["INSERT"]${' '.repeat(4_096)}}`]],
    ['a filter that is no JSON', ['{']],
    ['more filters than AWS takes', Array.from({ length: 6 }, () => '{"eventName":["INSERT"]}')],
  ])('is refused with %s', (_, patterns) => {
    const Filters = patterns.map((Pattern) => ({ Pattern }));
    expect(() => adapt({ ...WRITTEN, FilterCriteria: { Filters } })).toThrow(
      /^this cannot be run on this machine: Mapping.FilterCriteria.Filters/,
    );
  });

  it.each([
    ['another position', { StartingPosition: 'LATEST' }, 'StartingPosition: given "LATEST"; supported: "TRIM_HORIZON"'],
    ['batches side by side', { ParallelizationFactor: 2 }, 'ParallelizationFactor: given 2; supported: 1'],
    ['a tumbling window', { TumblingWindowInSeconds: 30 }, 'TumblingWindowInSeconds'],
    ['a mapping that is switched off', { Enabled: false }, 'Enabled: given false; supported: true'],
    ['a size that Lambda refuses', { BatchSize: 0 }, 'BatchSize: given 0; supported: a whole number, 1 to 10000'],
    ['a property that nobody has thought of', { KmsKeyArn: 'k' }, 'given KmsKeyArn'],
  ])('is refused with %s, by its place', (_, given, place) => {
    expect(() => adapt({ ...WRITTEN, ...given })).toThrow(/^this cannot be run on this machine: Mapping[.:]/);
    expect(() => adapt({ ...WRITTEN, ...given })).toThrow(place);
  });
});
