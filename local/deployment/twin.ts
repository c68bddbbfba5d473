/**
 * A second way to the API, for the version that is being deployed. The emulator stores the weights of an alias and does
 * not apply them, so traffic is shifted in front of it: everything of the REST API exists twice in the copy, once on the
 * alias `live` and once on an alias `candidate` that CloudFormation moves at once, and the front door chooses.
 */
import type { ShiftedAlias } from './shifted-alias.ts';
import { dependenciesOf, dependentsOf, type Json, omit, type Place, propertiesOf, redirect, referencesOf, typeOf } from './template.ts';

export const CANDIDATE = {
  /** Name of the second alias. */
  alias: 'candidate',
  /** Output with the id of the second REST API. */
  output: 'CandidateRestApiId',
} as const;

/** What belongs to one REST API; domains, accounts and usage plans do not. */
const PARTS: readonly string[] = [
  'RestApi',
  'Resource',
  'Method',
  'Deployment',
  'Stage',
  'Model',
  'RequestValidator',
  'GatewayResponse',
  'Authorizer',
].map((name) => `AWS::ApiGateway::${name}`);

export interface Twin {
  readonly resources: Readonly<Record<string, Json>>;
  readonly outputs: Json;
}

/** @throws when several REST APIs are served by the alias: a front door has one candidate */
export const twinOf = (resources: Readonly<Record<string, Json>>, alias: ShiftedAlias): Twin => {
  const parts = Object.fromEntries(Object.entries(resources).filter(([, resource]) => PARTS.includes(typeOf(resource))));
  const onAlias = Object.values(parts).filter((resource) => referencesOf(resource).has(alias.id));
  const apis = [...new Set(onAlias.flatMap(restApiOf))];
  if (apis.length > 1) throw new Error(`given ${apis.length} REST APIs on the alias ${alias.id} (${apis.join(', ')}); allowed: one`);
  const permissions = Object.keys(resources).filter((id) => isPermissionOf(resources[id], alias.id));
  const ids = new Set([...dependentsOf(parts, apis), ...permissions, alias.id]);
  const afterAlias = dependentsOf(resources, [alias.id]);
  const copies = [...ids].flatMap((id) => {
    const resource = resources[id];
    return resource === undefined ? [] : [[twinId(id), copyOf(id === alias.id ? candidate(resource) : resource, ids, afterAlias)] as const];
  });
  const [api] = apis;
  return {
    resources: Object.fromEntries(copies),
    outputs: api === undefined ? {} : { [CANDIDATE.output]: { Value: { Ref: twinId(api) } } },
  };
};

const twinId = (id: string): string => `${id}Candidate`;

const candidate = (alias: Json): Json => ({
  ...omit(alias, ['UpdatePolicy']),
  Properties: { ...propertiesOf(alias), Name: CANDIDATE.alias },
});

const restApiOf = (resource: Json): readonly string[] => [...referencesOf(propertiesOf(resource)['RestApiId'])];

const isPermissionOf = (resource: Json | undefined, aliasId: string): boolean =>
  resource !== undefined &&
  typeOf(resource) === 'AWS::Lambda::Permission' &&
  referencesOf(propertiesOf(resource)['FunctionName']).has(aliasId);

/**
 * Leads to the copies of what was copied, and to everything else as it is. It does not wait for what comes after the alias
 * `live`: its own alias moves first.
 */
const copyOf = (resource: Json, ids: ReadonlySet<string>, afterAlias: ReadonlySet<string>): Json => {
  const rename = (id: string): string => (ids.has(id) ? twinId(id) : id);
  const moved = redirect(omit(resource, ['DependsOn', 'Metadata']), (place: Place) => ({ ...place, id: rename(place.id) }));
  const dependencies = dependenciesOf(resource).filter((id) => ids.has(id) || !afterAlias.has(id));
  return {
    ...Object.fromEntries(Object.entries(moved ?? {})),
    ...(dependencies.length === 0 ? {} : { DependsOn: dependencies.map(rename) }),
  };
};
