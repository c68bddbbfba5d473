import { createHash } from 'node:crypto';

/** JSON with sorted object keys and no undefined members: equal values have equal text. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    members.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
};

/**
 * 128 bits of SHA-256 over the parts, in hexadecimal. The parts are encoded as a JSON array, so that ("ab", "c") and
 * ("a", "bc") differ. Every region computes the same id from the same request: that is what makes two regions meet.
 */
export const hashOf = (...parts: readonly unknown[]): string => createHash('sha256').update(canonical(parts)).digest('hex').slice(0, 32);
