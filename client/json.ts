/** Values as JSON text that comes back as the same value, or not at all. Pure. */
import type { LIMITS } from '../functions/contract/values.ts';

/** Objects and arrays in each other that the API takes. What holds itself is deeper than any. */
const DEPTH_MAX = 64 satisfies (typeof LIMITS)['depth'];
/** Half of a character that needs two, alone: it has no form in UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a text has a form in UTF-8, so that it can be sent and comes back. */
export const isWellFormed = (text: string): boolean => !LONE_SURROGATE.test(text);

/** What JSON would lose of a value, and where; undefined: nothing. */
export const lossIn = (value: unknown, at: string, depth = 1): string | undefined => {
  switch (typeof value) {
    case 'string':
      return isWellFormed(value) ? undefined : `${at}: half of a character (a lone surrogate), which has no form in UTF-8`;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? undefined
        : `${at}: ${Object.is(value, -0) ? '-0' : value}, which JSON does not carry`;
    case 'boolean':
      return undefined;
    case 'object':
      return value === null ? undefined : lossWithin(value, at, depth);
    default:
      return `${at}: ${typeof value}, which JSON does not carry`;
  }
};

const lossWithin = (value: object, at: string, depth: number): string | undefined => {
  if (depth > DEPTH_MAX) return `${at.slice(0, 80)}...: nested deeper than ${DEPTH_MAX}, or in itself`;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isList = Array.isArray(value);
  if (!isList && prototype !== Object.prototype && prototype !== null) return `${at}: an object of a class, which JSON does not carry`;
  const names = Reflect.ownKeys(value).filter((name) => !(isList && name === 'length'));
  if (isList && names.length !== value.length) return `${at}: a list with holes or names, which JSON does not carry`;
  for (const name of names) {
    if (typeof name !== 'string' || name === '__proto__' || !isWellFormed(name))
      return `${at}: the name ${String(name)}, which does not come back`;
    const loss = lossIn(Reflect.get(value, name), isList ? `${at}[${name}]` : `${at}.${name}`, depth + 1);
    if (loss !== undefined) return loss;
  }
  return undefined;
};

/** JSON with sorted names: equal values have equal text. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
};
