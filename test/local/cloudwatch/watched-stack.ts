/** A stack whose alarms watch a function, its stream and a front door, and whose topic and events end in queues. */
import { alarm, composite, stackOf, type Written } from './templates.ts';

const CODE = `exports.handler = async ({ atMs }) => {
  const directive = { Namespace: 'Tandem', Dimensions: [[]], Metrics: [{ Name: 'Errors', Unit: 'Count' }] };
  process.stdout.write(JSON.stringify({ _aws: { Timestamp: atMs, CloudWatchMetrics: [directive] }, Errors: 1 }) + '\\n');
};`;

const actions = { AlarmActions: [{ Ref: 'Topic' }], OKActions: [{ Ref: 'Topic' }], TreatMissingData: 'notBreaching' };
const dimensions = {
  FunctionName: { Ref: 'Fn' },
  Resource: { 'Fn::Join': ['', [{ Ref: 'Fn' }, ':live']] },
  ExecutedVersion: { 'Fn::GetAtt': ['FnVersion', 'Version'] },
};

export const RESOURCES: Readonly<Record<string, Written>> = {
  Topic: { Type: 'AWS::SNS::Topic' },
  Told: { Type: 'AWS::SQS::Queue' },
  Subscription: {
    Type: 'AWS::SNS::Subscription',
    Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'sqs', Endpoint: { 'Fn::GetAtt': ['Told', 'Arn'] }, RawMessageDelivery: true },
  },
  Events: { Type: 'AWS::SQS::Queue' },
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: { source: ['local.aws.cloudwatch'] },
      Targets: [{ Id: 'events', Arn: { 'Fn::GetAtt': ['Events', 'Arn'] } }],
    },
  },
  Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'tandem' } },
  Fn: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { ZipFile: CODE },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: 'arn:aws:iam::000000000000:role/test',
      LoggingConfig: { LogGroup: { Ref: 'Logs' } },
    },
  },
  FnVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Fn' } } },
  Logs: { Type: 'AWS::Logs::LogGroup' },
  Errors: alarm(actions),
  Version: alarm({
    ...actions,
    Namespace: 'AWS/Lambda',
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
  }),
  Behind: alarm({
    ...actions,
    Namespace: 'AWS/Lambda',
    MetricName: 'IteratorAge',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'Fn' } }],
    Threshold: 60_000,
    Statistic: 'Maximum',
  }),
  Depth: alarm({ ...actions, Namespace: 'AWS/SQS', MetricName: 'Depth' }),
};
const OUTPUTS = {
  RestApiId: { Value: { Ref: 'Api' } },
  StageName: { Value: 'live' },
  ApiFunctionName: { Value: { Ref: 'Fn' } },
  Told: { Value: { Ref: 'Told' } },
  Events: { Value: { Ref: 'Events' } },
};
const RULE = {
  'Fn::Join': ['', ['ALARM("', { 'Fn::GetAtt': ['Errors', 'Arn'] }, '") AND NOT ALARM("', { 'Fn::GetAtt': ['Version', 'Arn'] }, '")']],
};
export const ORIGINAL = stackOf({ ...RESOURCES, Excused: composite(RULE) }, OUTPUTS);
/** What the region's copy has: the composite is a plain alarm that never moves by itself. */
export const ADAPTED = stackOf({ ...RESOURCES, Excused: alarm({ Namespace: 'Local', MetricName: 'Placeholder' }) }, OUTPUTS);
