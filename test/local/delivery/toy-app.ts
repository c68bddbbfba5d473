/**
 * A system that deploys in a second: what a delivery needs of the real one, and nothing else. Run by the real command line,
 * as `infra/app.ts` is. What its functions do is in the context's `marker`, so that each marker is another version.
 */
import { readFileSync } from 'node:fs';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LambdaIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Alarm, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaDeploymentConfig, LambdaDeploymentGroup, TimeBasedCanaryTrafficRouting } from 'aws-cdk-lib/aws-codedeploy';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Alias, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import * as z from 'zod';
import { STACKS } from '../../../functions/contract/names.ts';

const contextSchema = z.looseObject({
  regions: z.array(z.looseObject({ name: z.string() })),
  home: z.string(),
  delivery: z.looseObject({ exposePercent: z.number(), exposeMinutes: z.number(), ignoreAlarms: z.boolean() }),
});

/** Says which version answers, and what was compiled into it. */
const api = (marker: string): string => `exports.handler = async (event, { functionVersion }) => {
  console.log('called');
  return { statusCode: 200, headers: { 'tandem-version': functionVersion }, body: ${JSON.stringify(JSON.stringify({ marker }))} };
};`;

/** Answers CodeDeploy as the marker says: \`refuse-before\`, \`silent-after\`, and so on. */
const HOOK = `exports.handler = async ({ DeploymentId, LifecycleEventHookExecutionId }) => {
  const { PHASE, MARKER, AWS_ENDPOINT_URL_CODEDEPLOY } = process.env;
  console.log(JSON.stringify({ PHASE, MARKER, DeploymentId }));
  if (MARKER.includes('silent-' + PHASE)) return;
  const answer = await fetch(AWS_ENDPOINT_URL_CODEDEPLOY, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus' },
    body: JSON.stringify({
      deploymentId: DeploymentId,
      lifecycleEventHookExecutionId: LifecycleEventHookExecutionId,
      status: MARKER.includes('refuse-' + PHASE) ? 'Failed' : 'Succeeded',
    }),
  });
  console.log(answer.status, await answer.text());
};`;

/** Remembers, in its log, what EventBridge told it. */
const LISTENER = 'exports.handler = async (event) => console.log(JSON.stringify(event));';

const makeCell = (stack: Stack, marker: string, delivery: z.output<typeof contextSchema>['delivery']): void => {
  const lambda = (id: string, code: string, environment: Readonly<Record<string, string>> = {}): LambdaFunction =>
    new LambdaFunction(stack, id, {
      code: Code.fromInline(code),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      timeout: Duration.seconds(10),
      environment: { ...environment },
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
    });
  const handler = lambda('Api', api(marker));
  const alias = new Alias(stack, 'Live', { aliasName: 'live', version: handler.currentVersion });
  const rest = new RestApi(stack, 'Rest', { restApiName: 'toy', deployOptions: { stageName: 'live' }, cloudWatchRole: false });
  rest.root.addResource('health').addMethod('GET', new LambdaIntegration(alias, { scopePermissionToMethod: false }));
  const group = new LambdaDeploymentGroup(stack, 'Group', {
    alias,
    alarms: [
      new Alarm(stack, 'Bad', {
        metric: new MathExpression({ expression: 'e * 100', usingMetrics: { e: new Metric({ namespace: 'Toy', metricName: 'Errors' }) } }),
        threshold: 1,
        evaluationPeriods: 1,
      }),
    ],
    ignoreAlarmConfiguration: delivery.ignoreAlarms,
    deploymentConfig: new LambdaDeploymentConfig(stack, 'Steps', {
      trafficRouting: new TimeBasedCanaryTrafficRouting({
        interval: Duration.minutes(delivery.exposeMinutes),
        percentage: delivery.exposePercent,
      }),
    }),
    preHook: lambda('Before', HOOK, { PHASE: 'before', MARKER: marker }),
    postHook: lambda('After', HOOK, { PHASE: 'after', MARKER: marker }),
  });
  new Rule(stack, 'Ends', {
    eventPattern: { source: ['aws.codedeploy'], detail: { application: [group.application.applicationName] } },
    targets: [new LambdaTarget(lambda('Listener', LISTENER))],
  });
  new CfnOutput(stack, 'RestApiId', { value: rest.restApiId });
  new CfnOutput(stack, 'StageName', { value: 'live' });
  new CfnOutput(stack, 'ApiFunctionName', { value: handler.functionName });
};

const app = new App();
const { regions, home, delivery } = contextSchema.parse(JSON.parse(readFileSync(String(app.node.tryGetContext('tandem')), 'utf8')));
const marker = String(app.node.tryGetContext('marker') ?? 'first');
const data = new Stack(app, STACKS.data, { env: { region: home } });
new StringParameter(data, 'Something', { stringValue: 'kept' });
regions.reduce((before, { name }) => {
  const cell = new Stack(app, STACKS.cell(name), { env: { region: name } });
  cell.addStackDependency(before);
  makeCell(cell, marker, delivery);
  return cell;
}, data);
app.synth();
