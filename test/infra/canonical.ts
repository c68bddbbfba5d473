/** A cell's template with its region's name taken out, so that cells can be compared. */
import { dig, type Resource, type Template } from './system.ts';

/**
 * Renames what must differ between cells, and nothing else: logical ids (CDK writes the stack's name, and hashes of what
 * mentions the region, into some) become construct paths, and the regions' names are exchanged so that the cell of
 * `region` reads as if it were that of `as`. Lists of regions keep the order of the config, so they are sorted; so are
 * the statements of policies.
 */
export const canonical = (template: Template, region: string, as: string): unknown => {
  const ids = new Map(template.resources.map((resource) => [resource.id, pathOf(resource)]));
  const renamed = (text: string): string => sorted(exchange(text, region, as));
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return renamed(ids.get(value) ?? value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [renamed(ids.get(key) ?? key), unordered(key, walk(inner))]));
  };
  const resources = template.resources.map(({ id, ...resource }) => [
    id,
    { ...resource, Metadata: undefined, DependsOn: [resource.DependsOn ?? []].flat().map(walk).sort() },
  ]);
  return { resources: walk(Object.fromEntries(resources)), outputs: walk(template.outputs) };
};

/** The construct's path below its stack. */
const pathOf = (resource: Resource): string => {
  const path = dig(resource.Metadata, 'aws:cdk:path');
  if (typeof path !== 'string') throw new Error(`no construct path on ${resource.id}`);
  return path.slice(path.indexOf('/') + 1).replaceAll(/TandemCell\w+?[0-9A-F]{8}/g, 'Cell');
};

const exchange = (text: string, a: string, b: string): string => {
  const squeezed = (region: string) => region.replaceAll('-', '');
  return [
    [a, b],
    [squeezed(a), squeezed(b)],
  ].reduce((at, [from = '', to = '']) => at.replaceAll(from, '\0').replaceAll(to, from).replaceAll('\0', to), text);
};

/** The order of a policy's statements means nothing; that of peers is the config's. */
const unordered = (key: string, value: unknown): unknown =>
  key === 'Statement' && Array.isArray(value) ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value;

const REGION_LIST = /^[a-z]{2}-[a-z]+-\d(,[a-z]{2}-[a-z]+-\d)+$/;
const sorted = (text: string): string => (REGION_LIST.test(text) ? text.split(',').sort().join(',') : text);
