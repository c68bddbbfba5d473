/**
 * What a JSON text would lose on its way through a program: text without a UTF-8 form, numbers beyond a double's digits, one
 * of two equal names, what is nested deeper than readers follow. What a caller entrusts to this API comes back as it was, or
 * is refused. One pass over the text, with no schema: every body pays for it.
 * https://www.rfc-editor.org/rfc/rfc7493#section-2
 */
import { LIMITS } from '../contract/values.ts';

/** Where it is, from the top: names of members and numbers of items. */
export interface Loss {
  readonly path: readonly string[];
  readonly what: string;
}

/** Characters of a number or name that are told. */
const SHOWN_MAX = 40;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"\s*:?|-?\d[\d.eE+-]*|[[\]{},]/g;

/** An object or array that is read. */
interface Open {
  /** Of an array none. */
  readonly names: Set<string> | undefined;
  /** The member or item that is read. */
  at: string | number;
}

/** @param text valid JSON. undefined: nothing is lost */
export const lossOf = (text: string): Loss | undefined => {
  const open: Open[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const what = step(open, token);
    if (what !== undefined) return { path: open.map(({ at }) => shown(String(at))), what };
  }
  return undefined;
};

/** Follows one token; says what is lost with it. */
const step = (open: Open[], token: string): string | undefined => {
  const inner = open.at(-1);
  switch (token[0]) {
    case '{':
    case '[':
      if (open.length >= LIMITS.depth) return `nested deeper than ${LIMITS.depth}`;
      open.push({ names: token === '{' ? new Set() : undefined, at: token === '{' ? '' : 0 });
      return undefined;
    case '}':
    case ']':
      open.pop();
      return undefined;
    case ',':
      if (typeof inner?.at === 'number') inner.at += 1;
      return undefined;
    case '"':
      if (!token.endsWith(':')) return lostOfText(token);
      return inner === undefined ? undefined : enter(inner, token.slice(0, -1));
    default:
      return isExact(token) ? undefined : `the number ${shown(token)}, which does not come back as it is; send it as text`;
  }
};

/** @param literal of a name, in quotation marks */
const enter = (object: Open, literal: string): string | undefined => {
  const name = String(JSON.parse(literal));
  if (object.names?.has(name)) return `the name ${shown(literal)} twice in one object`;
  object.names?.add(name);
  object.at = name;
  if (name === '__proto__') return 'the name __proto__, which many programs drop or misread';
  return lostOfText(literal);
};

/** An escape may be half a character; JSON allows that, and no byte sequence holds it. */
const lostOfText = (literal: string): string | undefined => {
  if (literal.isWellFormed() && !/\\u[dD][89a-fA-F]/.test(literal)) return undefined;
  return String(JSON.parse(literal)).isWellFormed() ? undefined : 'text with half a character (a lone surrogate), which has no UTF-8 form';
};

const shown = (text: string): string => (text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text).toWellFormed();

/** Whether a double, written down again, has the number's digits. */
const isExact = (text: string): boolean => {
  const value = Number(text);
  // Written down again, minus zero has lost its sign.
  return String(value) === text || (Number.isFinite(value) && !Object.is(value, -0) && decimal(text) === decimal(String(value)));
};

/** Significant digits and exponent, one way for each number. */
const decimal = (text: string): string => {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`;
  let [first, last] = [0, digits.length];
  while (digits[first] === '0') first += 1;
  while (last > first && digits[last - 1] === '0') last -= 1;
  return first === last ? '0' : `${digits.slice(first, last)}e${Number(exponent) - fraction.length + digits.length - last}`;
};
