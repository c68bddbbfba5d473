/**
 * What a deployment changes that no canary tries and no exposure holds back: it reaches every caller of a region when
 * CloudFormation gets to it. Pure, over two templates.
 */
import { isDeepStrictEqual } from 'node:util';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly UpdatePolicy?: Readonly<Record<string, unknown>>;
}
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
}

/** In words, by type. What is not here is seen by no caller: alarms, dashboards, backups, logs. */
const AREAS = [
  { area: 'API Gateway', types: /^AWS::ApiGateway::(?!Deployment$)/, means: 'routes, validation, throttles and answers of the gateway' },
  { area: 'WAF', types: /^AWS::WAFv2::/, means: 'what is let in' },
  { area: 'IAM', types: /^AWS::(IAM::|Lambda::Permission$|KMS::)/, means: 'what functions and services may do' },
  { area: 'tables', types: /^AWS::DynamoDB::/, means: 'the global tables, in every region at once' },
  { area: 'names and certificates', types: /^AWS::(Route53|CertificateManager)::/, means: 'how callers find the region' },
  {
    area: 'other functions',
    types: /^AWS::Lambda::(Function|EventSourceMapping)$/,
    means: 'functions beside the API, which change at once',
  },
] as const;

export interface UncoveredChange {
  readonly area: string;
  readonly means: string;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export const uncoveredChanges = (deployed: Template, next: Template): readonly UncoveredChange[] => {
  const covered = new Set([...canaried(deployed), ...canaried(next)]);
  const ids = [...new Set([...Object.keys(deployed.Resources), ...Object.keys(next.Resources)])].filter((id) => !covered.has(id)).sort();
  return AREAS.flatMap(({ area, types, means }) => {
    const of = (yes: (before: TemplateResource | undefined, after: TemplateResource | undefined) => boolean): string[] =>
      ids.filter((id) => {
        const [before, after] = [deployed.Resources[id], next.Resources[id]];
        return types.test((after ?? before)?.Type ?? '') && yes(before, after);
      });
    const change = {
      area,
      means,
      added: of((before) => before === undefined),
      changed: of((before, after) => before !== undefined && after !== undefined && !sameResource(before, after)),
      removed: of((_, after) => after === undefined),
    };
    return change.added.length + change.changed.length + change.removed.length === 0 ? [] : [change];
  });
};

/** Functions whose alias goes through CodeDeploy: their new versions are tried and exposed. */
const canaried = ({ Resources }: Template): readonly string[] =>
  Object.values(Resources).flatMap((resource) => {
    if (resource.Type !== 'AWS::Lambda::Alias' || resource.UpdatePolicy?.['CodeDeployLambdaAliasUpdate'] === undefined) return [];
    const name = resource.Properties?.['FunctionName'];
    return typeof name === 'object' && name !== null && 'Ref' in name && typeof name.Ref === 'string' ? [name.Ref] : [];
  });

/** Metadata is the CDK's own business. */
const sameResource = (a: TemplateResource, b: TemplateResource): boolean =>
  a.Type === b.Type && isDeepStrictEqual(a.Properties ?? {}, b.Properties ?? {});

const NAMED_MAX = 4;

/** `API Gateway: 2 changed (A, B), 1 added (C)`. */
export const changeText = ({ area, added, changed, removed, means }: UncoveredChange): string => {
  const part = (ids: readonly string[], what: string): readonly string[] =>
    ids.length === 0 ? [] : [`${ids.length} ${what} (${ids.slice(0, NAMED_MAX).join(', ')}${ids.length > NAMED_MAX ? ', ...' : ''})`];
  return `${area}: ${[...part(changed, 'changed'), ...part(added, 'added'), ...part(removed, 'removed')].join(', ')}: ${means}`;
};
