/**
 * What waits for what in a template. CloudFormation refuses a cycle only when it deploys, CDK's validator and most linters
 * overlook what stands in an `UpdatePolicy`, and a deployment group gives an alias one that leads to half of a cell.
 */
import { dig, list, type Template } from './system.ts';

type Resources = Pick<Template, 'resources'>;

/** Ids of everything that a resource waits for, directly or by way of others. */
export const waitsFor = (template: Resources, id: string): ReadonlySet<string> => {
  const graph = graphOf(template);
  const found = new Set<string>();
  const visit = (from: string): void => {
    for (const to of graph.get(from) ?? []) {
      if (found.has(to)) continue;
      found.add(to);
      visit(to);
    }
  };
  visit(id);
  return found;
};

/** Each cycle once, as the ids along it; the first one again at the end. */
export const cyclesIn = (template: Resources): readonly (readonly string[])[] => {
  const graph = graphOf(template);
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  const visit = (id: string, path: readonly string[]): void => {
    const start = path.indexOf(id);
    if (start >= 0) {
      cycles.push([...path.slice(start), id]);
      return;
    }
    if (done.has(id)) return;
    for (const next of graph.get(id) ?? []) visit(next, [...path, id]);
    done.add(id);
  };
  for (const id of graph.keys()) visit(id, []);
  return cycles;
};

/** For each resource those that it names. */
const graphOf = ({ resources }: Resources): ReadonlyMap<string, readonly string[]> => {
  const ids = new Set(resources.map(({ id }) => id));
  return new Map(resources.map(({ id, ...resource }) => [id, [...new Set(referencesIn(resource))].filter((to) => ids.has(to))]));
};

/** Ids that a value of a template names, by every function that makes CloudFormation wait. */
function* referencesIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const each of value) yield* referencesIn(each);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Ref' && typeof inner === 'string') yield inner;
    else if (key === 'Fn::GetAtt') yield String(typeof inner === 'string' ? inner.split('.')[0] : list(inner)[0]);
    else if (key === 'Fn::Sub') yield* substitutedIn(inner);
    else if (key === 'DependsOn') yield* [inner].flat().map(String);
    else yield* referencesIn(inner);
  }
}

/** `${Id}` and `${Id.Attribute}`, but for the variables that the call brings along and the literals `${!...}`. */
function* substitutedIn(sub: unknown): Generator<string> {
  const [text, variables] = Array.isArray(sub) ? sub : [sub, {}];
  for (const [, id = ''] of String(text).matchAll(/\$\{([^!}.]+)[^}]*\}/g)) if (dig(variables, id) === undefined) yield id;
  yield* referencesIn(variables);
}
