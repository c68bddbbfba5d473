/** The distinguished encoding (X.690) of the few ASN.1 values that a certificate is made of. */

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts);
export const set = (...parts: readonly Buffer[]): Buffer => tagged(0x31, ...parts);
/** Around whole values: `[number] EXPLICIT`, or in place of a sequence's own tag. */
export const explicit = (number: number, ...parts: readonly Buffer[]): Buffer => tagged(0xa0 + number, ...parts);
/** In place of a value's own tag, as `[number] IMPLICIT` of one that has no parts. */
export const implicit = (number: number, content: Buffer): Buffer => tagged(0x80 + number, content);

export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.of(value ? 0xff : 0));
/** Not negative. */
export const integer = (value: number | Buffer): Buffer => {
  const bytes = typeof value === 'number' ? Buffer.of(value) : value;
  // The first bit is the sign.
  return (bytes[0] ?? 0) > 0x7f ? tagged(0x02, Buffer.of(0), bytes) : tagged(0x02, bytes);
};
/** `unused`: bits of the last byte that do not count. */
export const bits = (value: Buffer, unused = 0): Buffer => tagged(0x03, Buffer.of(unused), value);
export const octets = (...parts: readonly Buffer[]): Buffer => tagged(0x04, ...parts);
export const utf8 = (value: string): Buffer => tagged(0x0c, Buffer.from(value));
/** To the second. Certificates use another type from 2050 on: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5 */
export const time = (atMs: number): Buffer => {
  const digits = `${new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`;
  return digits < '2050' ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
};

/** Written with dots, such as `2.5.4.3`. */
export const objectIdentifier = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
};

/** Seven bits a byte, the highest first; all but the last are marked. */
const base128 = (value: number): readonly number[] => {
  const bytes = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift(128 + (left % 128));
  return bytes;
};

const tagged = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.byteLength), content]);
};

const lengthOf = (bytes: number): Buffer => {
  if (bytes < 0x80) return Buffer.of(bytes);
  return bytes < 0x100 ? Buffer.of(0x81, bytes) : Buffer.of(0x82, bytes >> 8, bytes & 0xff);
};
