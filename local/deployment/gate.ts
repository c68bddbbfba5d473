/**
 * Where CloudFormation waits for CodeDeploy. On AWS it does so inside the update of the alias; the emulator, which has no
 * CodeDeploy, does so at a wait condition that stands before the alias. Everything that does not depend on the alias is
 * in place by then, the new version, the hooks and the alarms among it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html
 */
import { dependenciesOf, dependentsOf, type Json } from './template.ts';

/** What CloudFormation allows. */
export const GATE_SECONDS_MAX = 43_200;

export interface Gate {
  /** Logical id of the handle, whose `Ref` is where the signal goes. Another one for each deployment: a wait condition waits once. */
  readonly handle: string;
  /** How long CloudFormation waits; at most `GATE_SECONDS_MAX`. */
  readonly seconds: number;
}

/** Letters and digits of an id, as a part of a logical id. */
export const gateHandle = (id: string): string => `CodeDeployHandle${id.replaceAll(/[^A-Za-z0-9]/g, '')}`;

export const withGate = (resources: Readonly<Record<string, Json>>, aliasId: string, gate: Gate): Readonly<Record<string, Json>> => {
  const alias = resources[aliasId];
  if (alias === undefined) throw new Error(`given the alias ${aliasId}, which the template does not have`);
  const after = dependentsOf(resources, [aliasId]);
  const condition = gate.handle.replace('Handle', 'Wait');
  return {
    ...resources,
    [gate.handle]: {
      Type: 'AWS::CloudFormation::WaitConditionHandle',
      DependsOn: Object.keys(resources).filter((id) => !after.has(id)),
    },
    [condition]: {
      Type: 'AWS::CloudFormation::WaitCondition',
      Properties: { Handle: { Ref: gate.handle }, Timeout: String(gate.seconds), Count: 1 },
    },
    [aliasId]: { ...alias, DependsOn: [...dependenciesOf(alias), condition] },
  };
};
