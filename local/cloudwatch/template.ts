/** Templates and what became of their resources: names and attributes that exist only after a deployment. */
import { evaluate, isObject, Reference, type Resource } from '../route53/intrinsics.ts';

/** Of the resources of one stack. Both throw for what is not there. */
export interface Lookups {
  /** What `Ref` gives. */
  physical(logicalId: string): string;
  /** What `Fn::GetAtt` gives. */
  attribute(logicalId: string, name: string): string;
}

/** Before a deployment: every resource stands for itself, so that templates can be checked. */
export const SYMBOLIC: Lookups = {
  physical: (logicalId) => logicalId,
  attribute: (logicalId, name) => `${logicalId}.${name}`,
};

/** A value of a template with its intrinsic functions carried out. @throws {UnsupportedTemplateError} for other functions */
export const resolved = (resource: Resource, place: string, value: unknown, lookups: Lookups): unknown => {
  const inside = (each: unknown): unknown => resolved(resource, place, each, lookups);
  if (Array.isArray(value)) return value.map(inside);
  if (!isObject(value)) return value;
  const [name = '', ...more] = Object.keys(value);
  if (more.length > 0 || (name !== 'Ref' && !name.startsWith('Fn::')))
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inside(each)]));
  const parts = name === 'Fn::Join' ? partsOf(value[name]) : undefined;
  if (parts !== undefined) return parts.list.map((part) => String(inside(part))).join(parts.separator);
  const result = evaluate(resource, place, value);
  if (!(result instanceof Reference)) return result;
  return result.attribute === null ? lookups.physical(result.logicalId) : lookups.attribute(result.logicalId, result.attribute);
};

/** Undefined for what is no join: the refusal names it. */
const partsOf = (argument: unknown): { readonly separator: string; readonly list: readonly unknown[] } | undefined => {
  const [separator, list, ...rest] = Array.isArray(argument) ? argument : [];
  return typeof separator === 'string' && Array.isArray(list) && rest.length === 0 ? { separator, list } : undefined;
};

/** `Alarms/UserErrors/Resource` of `Stack/Alarms/UserErrors/Resource`: the construct that people know it by. */
export const constructIdOf = ({ siblings, logicalId }: Resource): string => {
  const written = siblings[logicalId];
  const metadata = isObject(written) ? written['Metadata'] : undefined;
  const path = isObject(metadata) ? metadata['aws:cdk:path'] : undefined;
  if (typeof path !== 'string') return logicalId;
  return path.split('/').findLast((part) => part !== 'Resource') ?? logicalId;
};
