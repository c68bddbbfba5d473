/**
 * Adapts a copy of what AWS would get to what an emulator can create. Pure: templates in, templates out. The app knows
 * nothing of it, and what is deployed to AWS never passes through here.
 */
import { lackingAlarm, placeholderAlarm } from './alarms.ts';
import { LOCAL_SOURCE, localRule } from './event-rules.ts';
import { type Gate, withGate } from './gate.ts';
import { shiftedAlias } from './shifted-alias.ts';
import { SUPPLIERS, standInFor, standInOf, textOfRef } from './stand-ins.ts';
import { idleMapping } from './stream-mapping.ts';
import { isJson, type Json, mapObject, omit, propertiesOf, redirect, resourcesOf, typeOf } from './template.ts';
import { twinOf } from './twin.ts';

export interface Replacement {
  readonly type: string;
  readonly count: number;
  readonly suppliedBy: string;
}

export interface Adapted {
  readonly template: Json;
  readonly replaced: readonly Replacement[];
}

type Note = (type: string, suppliedBy: string) => void;

/**
 * @param region that the stack is deployed to: a table with replicas becomes the replica of this region, because every
 * region has an emulator of its own and the copying between them is done elsewhere
 * @param gate where CloudFormation waits for CodeDeploy; undefined: a new version gets all calls at once
 */
export const adaptTemplate = (template: Json, region: string, gate?: Gate): Adapted => {
  const counts = new Map<string, Replacement>();
  const note: Note = (type, suppliedBy) => {
    counts.set(type, { type, suppliedBy, count: (counts.get(type)?.count ?? 0) + 1 });
  };
  const resources = resourcesOf(template);
  const alias = shiftedAlias(template);
  const twin = alias && twinOf(resources, alias);
  const adapted = Object.fromEntries(
    Object.entries({ ...resources, ...twin?.resources }).map(([id, resource]) => [id, adaptResource(id, resource, region, note)]),
  );
  const gated = alias && gate ? withGate(adapted, alias.id, gate) : adapted;
  const outputs = { ...(isJson(template['Outputs']) ? template['Outputs'] : {}), ...twin?.outputs };
  const whole = { ...template, Resources: gated, ...(Object.keys(outputs).length === 0 ? {} : { Outputs: outputs }) };
  return { template: mapObject(whole, (value) => redirectStandIns(value, resources)), replaced: [...counts.values()] };
};

/** Counts of several templates, as one list. */
export const sumReplacements = (lists: readonly (readonly Replacement[])[]): readonly Replacement[] =>
  [...Map.groupBy(lists.flat(), ({ type }) => type)].flatMap(([type, [first, ...rest]]) =>
    first ? [{ type, suppliedBy: first.suppliedBy, count: rest.reduce((sum, { count }) => sum + count, first.count) }] : [],
  );

const adaptResource = (id: string, resource: Json, region: string, note: Note): Json => {
  const alarm = lackingAlarm(resource);
  if (alarm !== undefined) {
    note(alarm, SUPPLIERS.cloudWatch);
    return placeholderAlarm(resource);
  }
  const supplier = standInFor(typeOf(resource));
  if (supplier !== undefined) {
    note(typeOf(resource), supplier);
    return standInOf(resource);
  }
  const rule = localRule(resource);
  if (rule !== undefined) {
    note('source of AWS::Events::Rule', `the same event under the source "${LOCAL_SOURCE}aws.SERVICE": only AWS may put the original`);
    return rule;
  }
  const mapping = idleMapping(id, resource);
  if (mapping !== undefined) {
    note('stream of AWS::Lambda::EventSourceMapping', SUPPLIERS.streams);
    return mapping;
  }
  return ownReplica(withoutShifting(resource, note), region, note);
};

/** The weights of an alias are stored by the emulator and never applied. */
const withoutShifting = (resource: Json, note: Note): Json => {
  if (typeOf(resource) !== 'AWS::Lambda::Alias' || resource['UpdatePolicy'] === undefined) return resource;
  note('UpdatePolicy of AWS::Lambda::Alias', SUPPLIERS.codeDeploy);
  return omit(resource, ['UpdatePolicy']);
};

const ownReplica = (resource: Json, region: string, note: Note): Json => {
  const properties = propertiesOf(resource);
  if (typeOf(resource) !== 'AWS::DynamoDB::GlobalTable' || !Array.isArray(properties['Replicas'])) return resource;
  const replicas = properties['Replicas'].filter(isJson);
  const own = replicas.find((replica) => replica['Region'] === region) ?? replicas[0];
  for (const _ of replicas.slice(1)) note('replica of AWS::DynamoDB::GlobalTable', SUPPLIERS.replication);
  return { ...resource, Properties: { ...properties, Replicas: [{ ...own, Region: region }] } };
};

/** Attributes of a stand-in do not exist: whoever wants one gets its `Ref`, or the name that it stands for. */
const redirectStandIns = (value: unknown, resources: Readonly<Record<string, Json>>): unknown =>
  redirect(value, ({ id, attribute }) => {
    const resource = resources[id];
    if (resource === undefined || standInFor(typeOf(resource)) === undefined) return undefined;
    return textOfRef(id, resource) ?? (attribute === undefined ? undefined : { id, attribute: undefined });
  });
