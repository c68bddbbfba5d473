/**
 * The little of CloudFormation's template language that CDK writes into Route 53 resources. Whatever else turns up is
 * refused with its place: a stand-in that guesses proves nothing.
 */

/** A synthesized template and the region its stack is for. */
export interface StackTemplate {
  readonly region: string;
  /** The parsed JSON. */
  readonly template: unknown;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Something in a template that this stand-in does not know. The message names the resource and the property. */
export class UnsupportedTemplateError extends Error {
  override readonly name = 'UnsupportedTemplateError';
}

/** A resource as written, with what is needed to name it in an error and to resolve what it refers to. */
export interface Resource {
  readonly region: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: JsonObject;
  /** All resources of the same template. */
  readonly siblings: JsonObject;
}

/** A value that exists only after the deployment: `Ref` (attribute null) or `Fn::GetAtt` of a resource of the same template. */
export class Reference {
  readonly logicalId: string;
  readonly attribute: string | null;
  /** Type of the resource referred to. */
  readonly type: string;
  constructor(logicalId: string, attribute: string | null, type: string) {
    this.logicalId = logicalId;
    this.attribute = attribute;
    this.type = type;
  }
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

export const refuse = (resource: Resource, property: string, problem: string): never => {
  throw new UnsupportedTemplateError(`${resource.region}/${resource.logicalId} (${resource.type}) ${property}: ${problem}`);
};

/** Resources of the given service, such as `AWS::Route53::`. @throws {UnsupportedTemplateError} */
export const resourcesOf = (stack: StackTemplate, prefix: string): readonly Resource[] => {
  if (!isObject(stack.template))
    throw new UnsupportedTemplateError(`template of ${stack.region}: given ${typeof stack.template}; allowed: a template as an object`);
  const siblings = stack.template['Resources'];
  if (!isObject(siblings)) throw new UnsupportedTemplateError(`template of ${stack.region}: it has no Resources`);
  return Object.entries(siblings).flatMap(([logicalId, written]) => {
    const type = typeOf(written);
    if (!isObject(written) || !type.startsWith(prefix)) return [];
    const resource = {
      region: stack.region,
      logicalId,
      type,
      siblings,
      properties: isObject(written['Properties']) ? written['Properties'] : {},
    };
    if (written['Condition'] !== undefined) return refuse(resource, 'Condition', 'conditional resources are not supported');
    return [resource];
  });
};

/** Refuses properties outside `allowed`: a property that is not interpreted may be the one that routes. */
export const only = (resource: Resource, place: string, object: JsonObject, allowed: readonly string[]): void => {
  for (const key of Object.keys(object)) {
    if (!allowed.includes(key)) refuse(resource, place === '' ? key : `${place}.${key}`, `not supported; allowed: ${allowed.join(', ')}`);
  }
};

/** A literal, or a `Reference`. Objects that are no intrinsic function are refused; lists are for the caller to walk. */
export const evaluate = (resource: Resource, place: string, value: unknown): string | number | boolean | Reference => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  const [name, argument, more] = isObject(value) ? [...(Object.entries(value)[0] ?? []), Object.keys(value).length > 1] : [];
  if (more === false) {
    if (name === 'Ref' && typeof argument === 'string') return refer(resource, place, argument);
    if (name === 'Fn::GetAtt') return getAtt(resource, place, argument);
    if (name === 'Fn::Join') return join(resource, place, argument);
    if (name === 'Fn::Sub' && typeof argument === 'string') return substitute(resource, place, argument);
  }
  return refuse(resource, place, `given ${JSON.stringify(value)}; allowed: a literal, Ref, Fn::GetAtt, Fn::Join or Fn::Sub`);
};

/** @throws {UnsupportedTemplateError} when the value is known only after the deployment */
export const text = (resource: Resource, place: string, value: unknown): string => {
  const result = evaluate(resource, place, value);
  if (result instanceof Reference)
    return refuse(resource, place, `given ${describe(result)}; allowed: text that is known before the deployment`);
  return String(result);
};

/** A whole number, also when it is written as text (CDK writes a record's TTL so). */
export const wholeNumber = (resource: Resource, place: string, value: unknown, [minimum, maximum]: readonly [number, number]): number => {
  const given = text(resource, place, value);
  const number = /^\d{1,10}$/.test(given) ? Number(given) : Number.NaN;
  return number >= minimum && number <= maximum
    ? number
    : refuse(resource, place, `given ${JSON.stringify(given)}; allowed: ${minimum} to ${maximum}`);
};

/** True or false, also when written as text; `false` when absent. */
export const flag = (resource: Resource, place: string, value: unknown): boolean => {
  const given = value === undefined ? 'false' : text(resource, place, value);
  return given === 'true' || given === 'false'
    ? given === 'true'
    : refuse(resource, place, `given ${JSON.stringify(given)}; allowed: true or false`);
};

export const list = (resource: Resource, place: string, value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : refuse(resource, place, `given ${JSON.stringify(value)}; allowed: a list`);

export const describe = (reference: Reference): string =>
  reference.attribute === null
    ? `Ref ${reference.logicalId} (${reference.type})`
    : `${reference.logicalId}.${reference.attribute} (${reference.type})`;

const typeOf = (written: unknown): string => {
  const type = isObject(written) ? written['Type'] : undefined;
  return typeof type === 'string' ? type : '';
};

const refer = (resource: Resource, place: string, name: string): string | Reference => {
  if (name === 'AWS::Region') return resource.region;
  const type = Object.hasOwn(resource.siblings, name) ? typeOf(resource.siblings[name]) : '';
  return type === ''
    ? refuse(resource, place, `Ref ${name} is neither AWS::Region nor a resource of this template`)
    : new Reference(name, null, type);
};

const getAtt = (resource: Resource, place: string, argument: unknown): Reference => {
  const [name, attribute, ...rest] = typeof argument === 'string' ? argument.split(/\.(.*)/, 2) : Array.isArray(argument) ? argument : [];
  if (typeof name === 'string' && typeof attribute === 'string' && rest.length === 0 && Object.hasOwn(resource.siblings, name)) {
    return new Reference(name, attribute, typeOf(resource.siblings[name]));
  }
  return refuse(resource, place, `given Fn::GetAtt of ${JSON.stringify(argument)}; allowed: [resource of this template, attribute]`);
};

const join = (resource: Resource, place: string, argument: unknown): string => {
  const [separator, parts, ...rest] = Array.isArray(argument) ? argument : [];
  if (typeof separator === 'string' && Array.isArray(parts) && rest.length === 0)
    return parts.map((part) => text(resource, place, part)).join(separator);
  return refuse(resource, place, `given Fn::Join of ${JSON.stringify(argument)}; allowed: [separator, [parts]]`);
};

const substitute = (resource: Resource, place: string, template: string): string =>
  template.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    const [id, attribute] = name.split(/\.(.*)/, 2);
    return text(resource, place, attribute === undefined ? { Ref: id } : { 'Fn::GetAtt': [id, attribute] });
  });
