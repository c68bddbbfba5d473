import { type App, CfnElement, Stack, Token, Validations } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { STRICT_CFN_VALIDATE_ERRORS } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';

/**
 * The strict path: CloudFormation's own validation is fatal, and cdk-nag's rules for solutions and for serverless run.
 * `npm run synth` and the tests take it; an ordinary synth skips it, because it is two thirds of the time.
 */
export const makeStrict = (app: App): void => {
  app.node.setContext(STRICT_CFN_VALIDATE_ERRORS, true);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
};

/** Accepts findings for a construct and what is in it, each by its full id with its reason. */
export const acknowledge = (construct: IConstruct, reasons: Readonly<Record<string, string>>): void => {
  Validations.of(construct).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
};

/** The finding of a wildcard for tables, or for what is below one, as cdk-nag names it: with the account and partition that synth knew. */
export const wildcardBelow = (stack: Stack, table: string, below?: string): string => {
  const partition = Token.isUnresolved(stack.partition) ? '<AWS::Partition>' : stack.partition;
  const account = Token.isUnresolved(stack.account) ? '<AWS::AccountId>' : stack.account;
  return `AwsSolutions-IAM5[Resource::arn:${partition}:dynamodb:${stack.region}:${account}:table/${[table, below ?? []].flat().join('/')}]`;
};

/** The finding of a wildcard for a function's versions and aliases, with its reason, as cdk-nag names it. */
export const qualifiedArns = (handler: IFunction, reason: string): Readonly<Record<string, string>> => {
  const resource = handler.node.defaultChild;
  if (!CfnElement.isCfnElement(resource)) throw new Error('given a function that this stack does not own');
  return { [`AwsSolutions-IAM5[Resource::<${Stack.of(handler).getLogicalId(resource)}.Arn>:*]`]: reason };
};
