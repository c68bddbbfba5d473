/**
 * Adapts a copy of what AWS would get to what an emulator can create. Pure: templates in, templates out. The app knows
 * nothing of it, and what is deployed to AWS never passes through here.
 */
import { standInFor } from './stand-ins.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Accepted by every emulator, without properties and without effect; its `Ref` is a text. */
const STAND_IN = 'AWS::CloudFormation::WaitConditionHandle';

export interface Replacement {
  readonly type: string;
  readonly count: number;
  readonly suppliedBy: string;
}

export interface Adapted {
  readonly template: Json;
  readonly replaced: readonly Replacement[];
}

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * @param region that the stack is deployed to: a table with replicas becomes the replica of this region, because every
 * region has an emulator of its own and the copying between them is done elsewhere
 */
export const adaptTemplate = (template: Json, region: string): Adapted => {
  const resources = isJson(template['Resources']) ? template['Resources'] : {};
  const replaced = new Map<string, string>();
  const counts = new Map<string, Replacement>();
  const note = (type: string, suppliedBy: string): void => {
    counts.set(type, { type, suppliedBy, count: (counts.get(type)?.count ?? 0) + 1 });
  };
  const adapted = Object.entries(resources).map(([id, resource]): [string, unknown] => {
    if (!isJson(resource)) return [id, resource];
    const type = String(resource['Type']);
    const standIn = standInFor(type, resource['Properties']);
    if (standIn === undefined) return [id, ownReplica(withoutShifting(resource, type, note), type, region, note)];
    replaced.set(id, type);
    note(standIn.label, standIn.suppliedBy);
    return [id, standInOf(resource)];
  });
  const isReplaced = (id: string): boolean => replaced.has(id);
  return {
    template: mapObject({ ...template, Resources: Object.fromEntries(adapted) }, (value) => redirect(value, isReplaced)),
    replaced: [...counts.values()],
  };
};

/** Counts of several templates, as one list. */
export const sumReplacements = (lists: readonly (readonly Replacement[])[]): readonly Replacement[] =>
  [...Map.groupBy(lists.flat(), ({ type }) => type)].flatMap(([type, [first, ...rest]]) =>
    first ? [{ type, suppliedBy: first.suppliedBy, count: rest.reduce((sum, { count }) => sum + count, first.count) }] : [],
  );

/** What others wait for stays in the order of creation. */
const standInOf = (resource: Json): Json => ({ Type: STAND_IN, ...pick(resource, ['Condition', 'DependsOn']) });

/** An alias is moved at once: the deployment that would shift its traffic is itself a stand-in. */
const withoutShifting = (resource: Json, type: string, note: (type: string, suppliedBy: string) => void): Json => {
  if (type !== 'AWS::Lambda::Alias' || resource['UpdatePolicy'] === undefined) return resource;
  note('UpdatePolicy of AWS::Lambda::Alias', 'nothing: a new version gets all calls at once');
  const { UpdatePolicy: _, ...rest } = resource;
  return rest;
};

const ownReplica = (resource: Json, type: string, region: string, note: (type: string, suppliedBy: string) => void): Json => {
  const properties = resource['Properties'];
  if (type !== 'AWS::DynamoDB::GlobalTable' || !isJson(properties) || !Array.isArray(properties['Replicas'])) return resource;
  const replicas = properties['Replicas'].filter(isJson);
  const own = replicas.find((replica) => replica['Region'] === region) ?? replicas[0];
  for (const _ of replicas.slice(1))
    note('replica of AWS::DynamoDB::GlobalTable', 'local/replication: copies between the emulators of the regions');
  return { ...resource, Properties: { ...properties, Replicas: [{ ...own, Region: region }] } };
};

/** Attributes of a stand-in do not exist: whoever wants one gets its `Ref`. */
const redirect = (value: unknown, isReplaced: (id: string) => boolean): unknown => {
  if (Array.isArray(value)) return value.map((each) => redirect(each, isReplaced));
  if (!isJson(value)) return value;
  const target = attributeTarget(value['Fn::GetAtt']);
  if (target !== undefined && isReplaced(target)) return { Ref: target };
  const sub = value['Fn::Sub'];
  if (sub === undefined) return mapObject(value, (each) => redirect(each, isReplaced));
  if (typeof sub === 'string') return { 'Fn::Sub': redirectSub(sub, isReplaced) };
  if (!Array.isArray(sub)) return value;
  const [text, variables] = sub;
  return { 'Fn::Sub': [typeof text === 'string' ? redirectSub(text, isReplaced) : text, redirect(variables, isReplaced)] };
};

/** `Fn::GetAtt` is a list, or a text with a point. */
const attributeTarget = (value: unknown): string | undefined => {
  const [first] = Array.isArray(value) ? value : typeof value === 'string' ? value.split('.') : [];
  return typeof first === 'string' ? first : undefined;
};

const redirectSub = (text: string, isReplaced: (id: string) => boolean): string =>
  text.replace(/\$\{([A-Za-z0-9]+)\.[^}]+\}/g, (whole, id: string) => (isReplaced(id) ? `\${${id}}` : whole));

const mapObject = (object: Json, change: (value: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

const pick = (object: Json, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));
