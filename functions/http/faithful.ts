/**
 * What a JSON text would lose on its way through a program: numbers beyond a double's digits, one of two equal names, what
 * is nested deeper than readers follow. What a caller entrusts to this API comes back as it was, or is refused.
 * https://www.rfc-editor.org/rfc/rfc7493
 */
import { LIMITS } from '../contract/values.ts';

/** Characters of a number that are told. */
const SHOWN_MAX = 40;
const TOKEN = /"(?:[^"\\]|\\.)*"\s*:?|-?\d[\d.eE+-]*|[[\]{}]/g;

/** @param text valid JSON. undefined: nothing is lost */
export const lossOf = (text: string): string | undefined => {
  /** Names of each object that is open; of an array none. */
  const open: Set<string>[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '[' || token === '{') {
      open.push(new Set());
      if (open.length > LIMITS.depth) return `nested deeper than ${LIMITS.depth}`;
    } else if (token === ']' || token === '}') open.pop();
    else if (token.endsWith(':')) {
      const name: unknown = JSON.parse(token.slice(0, -1));
      if (name === '__proto__') return 'the name __proto__, which many programs drop or misread';
      const names = open.at(-1);
      if (typeof name !== 'string' || names?.has(name)) return `the name ${token.slice(0, SHOWN_MAX)} twice in one object`;
      names?.add(name);
    } else if (!token.startsWith('"') && !isExact(token))
      return `the number ${token.slice(0, SHOWN_MAX)}, which a double does not hold; send it as text`;
  }
  return undefined;
};

/** Whether a double, written down again, has the number's digits. */
const isExact = (text: string): boolean => {
  const value = Number(text);
  return String(value) === text || (Number.isFinite(value) && decimal(text) === decimal(String(value)));
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
