/**
 * Items to DynamoDB's attribute values and back: the few types of `Value`, in a tenth of util-dynamodb's code, because
 * every byte is loaded in each cold start. What other programs may have written as binary or sets is ignored on reading.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Item, storable, type Value } from '../core/store.ts';

export type Attributes = Record<string, AttributeValue>;

/** What arrives: the SDK's values, and a stream event's, which have the same JSON form. */
export interface WireValue {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
  readonly BOOL?: boolean | undefined;
  readonly NULL?: boolean | undefined;
  readonly L?: readonly WireValue[] | undefined;
  readonly M?: { readonly [name: string]: WireValue } | undefined;
}

/** @throws {TypeError} for a number that would not come back as it went, and {Unstorable} for such a text */
export const marshal = (value: Value): AttributeValue => {
  if (typeof value === 'string') return { S: storable(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null) return { NULL: true };
  if (typeof value === 'number') return { N: integerText(value) };
  if (isList(value)) return { L: value.map(marshal) };
  return { M: marshalAll(value) };
};

/** Attributes that are undefined are left out. */
export const marshalAll = (record: { readonly [name: string]: Value | undefined }): Attributes => {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(record)) if (value !== undefined) attributes[name] = marshal(value);
  return attributes;
};

const unmarshal = (value: WireValue): Value | undefined => {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.NULL !== undefined) return null;
  if (value.L !== undefined) return value.L.map(unmarshal).filter((each) => each !== undefined);
  if (value.M !== undefined) return unmarshalAll(value.M);
  return undefined;
};

const unmarshalAll = (attributes: { readonly [name: string]: WireValue }): { readonly [name: string]: Value } => {
  const record: Record<string, Value> = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    const value = unmarshal(attribute);
    if (value !== undefined) record[name] = value;
  }
  return record;
};

/** An item of a table; one without a schema version, which this system never writes, reads as version 0. */
export const itemOf = (attributes: { readonly [name: string]: WireValue }): Item => {
  const { pk, sk, v, ...rest } = unmarshalAll(attributes);
  return { ...rest, pk: String(pk), sk: String(sk), v: typeof v === 'number' ? v : 0 };
};

const integerText = (value: number): string => {
  if (!Number.isSafeInteger(value)) throw new TypeError(`given the number ${value}, allowed: integers within 2^53`);
  return String(value);
};

const isList = (value: readonly Value[] | { readonly [name: string]: Value }): value is readonly Value[] => Array.isArray(value);
