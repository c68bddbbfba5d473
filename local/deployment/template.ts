/** A CloudFormation template as data: what in it refers to what, and how to change that. */

export type Json = Readonly<Record<string, unknown>>;

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** By logical id; what is no object is left out. */
export const resourcesOf = (template: Json): Readonly<Record<string, Json>> => {
  const resources = template['Resources'];
  return Object.fromEntries(
    Object.entries(isJson(resources) ? resources : {}).flatMap(([id, resource]) => (isJson(resource) ? [[id, resource]] : [])),
  );
};

export const typeOf = (resource: Json): string => String(resource['Type']);

/** Empty where there are none. */
export const propertiesOf = (resource: Json): Json => {
  const properties = resource['Properties'];
  return isJson(properties) ? properties : {};
};

export const mapObject = (object: Json, change: (value: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

export const pick = (object: Json, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));

export const omit = (object: Json, keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));

/** A place that names another resource: `Ref` (attribute undefined) or `Fn::GetAtt`. */
export interface Place {
  readonly id: string;
  readonly attribute: string | undefined;
}

/**
 * Rewrites every reference inside a value: `Ref`, `Fn::GetAtt` (a list, or a text with a point) and those inside
 * `Fn::Sub`. `DependsOn` is none: see `dependenciesOf`.
 *
 * @param change what stands in its place: another place, a text, or undefined to leave it as it is
 */
export const redirect = (value: unknown, change: (place: Place) => Place | string | undefined): unknown => {
  if (Array.isArray(value)) return value.map((each) => redirect(each, change));
  if (!isJson(value)) return value;
  const place = placeOf(value);
  if (place !== undefined) {
    const changed = change(place);
    return changed === undefined ? value : typeof changed === 'string' ? changed : written(changed);
  }
  const sub = value['Fn::Sub'];
  if (sub === undefined) return mapObject(value, (each) => redirect(each, change));
  if (typeof sub === 'string') return { 'Fn::Sub': redirectSub(sub, change) };
  if (!Array.isArray(sub)) return value;
  const [text, variables] = sub;
  return { 'Fn::Sub': [typeof text === 'string' ? redirectSub(text, change) : text, redirect(variables, change)] };
};

/** Logical ids that a value refers to, without pseudo parameters; `DependsOn` counts when the value is a resource. */
export const referencesOf = (value: unknown): ReadonlySet<string> => {
  const found = new Set<string>();
  redirect(value, ({ id }) => {
    if (!id.includes('::')) found.add(id);
    return undefined;
  });
  for (const id of isJson(value) ? dependenciesOf(value) : []) found.add(id);
  return found;
};

/** `DependsOn` is a text or a list. */
export const dependenciesOf = (resource: Json): readonly string[] => {
  const given = resource['DependsOn'];
  return (Array.isArray(given) ? given : [given]).filter((each) => typeof each === 'string');
};

/** Resources that refer to one of these, or to one that does, and so on; with these themselves. */
export const dependentsOf = (resources: Readonly<Record<string, Json>>, ids: readonly string[]): ReadonlySet<string> => {
  const found = new Set(ids);
  const references = Object.entries(resources).map(([id, resource]) => ({ id, to: referencesOf(resource) }));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { id, to } of references) if ([...to].some((each) => found.has(each))) found.add(id);
  }
  return found;
};

const placeOf = (value: Json): Place | undefined => {
  const { Ref: ref, 'Fn::GetAtt': getAtt } = value;
  if (typeof ref === 'string') return { id: ref, attribute: undefined };
  if (typeof getAtt === 'string') return pointed(getAtt);
  if (!Array.isArray(getAtt)) return undefined;
  const [id, attribute] = getAtt;
  return typeof id === 'string' && typeof attribute === 'string' ? { id, attribute } : undefined;
};

const pointed = (text: string): Place => {
  const at = text.indexOf('.');
  return at < 0 ? { id: text, attribute: undefined } : { id: text.slice(0, at), attribute: text.slice(at + 1) };
};

const written = ({ id, attribute }: Place): Json => (attribute === undefined ? { Ref: id } : { 'Fn::GetAtt': [id, attribute] });

const redirectSub = (text: string, change: (place: Place) => Place | string | undefined): string =>
  // `${!Literal}` does not match: it is no reference.
  text.replace(/\$\{([A-Za-z0-9:]+(?:\.[^}]+)?)\}/g, (whole, inner: string) => {
    const changed = change(pointed(inner));
    if (changed === undefined || typeof changed === 'string') return changed ?? whole;
    return `\${${changed.attribute === undefined ? changed.id : `${changed.id}.${changed.attribute}`}}`;
  });
