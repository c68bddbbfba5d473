/** The alias whose new versions CodeDeploy brings to callers, as its `UpdatePolicy` says. */
import { isJson, type Json, propertiesOf, resourcesOf, typeOf } from './template.ts';

export interface ShiftedAlias {
  readonly id: string;
  readonly resource: Json;
  /** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html#cfn-attributes-updatepolicy-codedeploylambdaaliasupdate */
  readonly policy: Json;
}

/** Undefined when the template has none. @throws when it has several: a region's delivery is one deployment */
export const shiftedAlias = (template: Json): ShiftedAlias | undefined => {
  const found = Object.entries(resourcesOf(template)).flatMap(([id, resource]) => {
    const policy = policyOf(resource);
    return policy === undefined ? [] : [{ id, resource, policy }];
  });
  if (found.length > 1)
    throw new Error(
      `given ${found.length} aliases with an update policy (${found.map(({ id }) => id).join(', ')}); allowed: one in a stack`,
    );
  return found[0];
};

const policyOf = (resource: Json): Json | undefined => {
  const all = resource['UpdatePolicy'];
  const policy = typeOf(resource) === 'AWS::Lambda::Alias' && isJson(all) ? all['CodeDeployLambdaAliasUpdate'] : undefined;
  return isJson(policy) ? policy : undefined;
};

/**
 * Whether an update from one template to the other moves the shifted alias to another version. A version's logical id
 * changes with whatever goes into it, so what the alias says tells.
 */
export const movesAlias = (before: Json, after: Json): boolean => {
  const [from, to] = [shiftedAlias(before), shiftedAlias(after)];
  return from !== undefined && to !== undefined && from.id === to.id && versionOf(from) !== versionOf(to);
};

const versionOf = ({ resource }: ShiftedAlias): string => JSON.stringify(propertiesOf(resource)['FunctionVersion']);
