/**
 * What a body must hold to be an answer of a route: enough to know another's body from it, and cheap. Held to the contract
 * by types: a field that is missing here, or of another kind, does not compile. Further fields are of a later release; what is
 * new in this one is a `maybe`, because regions of the one before are asked, too.
 */
import type { Answer, ClientRoute } from './routes.ts';

/** `any`: there, whatever it is: a record's value may be damaged. `list`: of such; `maybe`: such, or absent. */
type Shape =
  | 'text'
  | 'number'
  | 'flag'
  | 'any'
  | { readonly list: Shape }
  | { readonly maybe: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

type Value<T> = unknown extends T
  ? 'any'
  : T extends string
    ? 'text'
    : T extends number
      ? 'number'
      : T extends boolean
        ? 'flag'
        : T extends readonly (infer E)[]
          ? { readonly list: Value<E> }
          : string extends keyof T
            ? 'any'
            : {
                readonly fields: {
                  readonly [K in keyof T]-?: undefined extends T[K] ? Maybe<Exclude<T[K], undefined>> : Value<T[K]> | Maybe<T[K]>;
                };
              };

interface Maybe<T> {
  readonly maybe: Value<T>;
}

const LINES = { list: { fields: { sku: 'text', quantity: 'number' } } } as const;
const NOTE = { maybe: 'text' } as const;
const VERSION = { version: 'text', value: 'any', editedAt: 'text', editedBy: 'text' } as const;
const CURSOR = { maybe: 'text' } as const;
const PLACED = { fields: { id: 'text', lines: LINES, note: NOTE, placedAt: 'text', placedBy: 'text' } } as const;
const RECORD = { fields: { id: 'text', ...VERSION, conflicts: { list: { fields: VERSION } }, incomplete: { maybe: 'flag' } } } as const;

const SHAPES: { readonly [N in ClientRoute]: Value<Answer<N>> } = {
  placeOrder: PLACED,
  listOrders: { fields: { orders: { list: PLACED }, cursor: CURSOR } },
  getOrder: {
    fields: {
      id: 'text',
      state: 'text',
      lines: LINES,
      note: NOTE,
      placedAt: 'text',
      placedBy: 'text',
      payments: {
        list: {
          fields: {
            id: 'text',
            amount: 'number',
            at: 'text',
            by: 'text',
            conflicts: { list: { fields: { amount: 'number', by: 'text' } } },
          },
        },
      },
      paid: 'number',
      cancellations: { maybe: { list: { fields: { by: 'text', at: 'text' } } } },
      shipments: { list: { fields: { by: 'text', at: 'text', carrier: { maybe: 'text' } } } },
      conflicts: { list: { fields: { lines: LINES, note: NOTE, placedBy: 'text' } } },
    },
  },
  payOrder: { fields: { id: 'text', order: 'text', amount: 'number', at: 'text', by: 'text' } },
  shipOrder: { fields: { order: 'text', at: 'text', by: 'text', carrier: { maybe: 'text' } } },
  cancelOrder: { fields: { id: 'text', order: 'text', at: 'text', by: 'text' } },
  getStock: {
    fields: {
      sku: 'text',
      received: 'number',
      available: 'number',
      sold: 'number',
      moving: 'number',
      pending: { maybe: 'number' },
      regions: { list: { fields: { region: 'text', writer: 'text', available: 'number', sold: 'number' } } },
    },
  },
  receiveStock: { fields: { id: 'text', sku: 'text', region: 'text', quantity: 'number', at: 'text', by: 'text' } },
  getRecord: RECORD,
  putRecord: RECORD,
  getHistory: {
    fields: {
      id: 'text',
      versions: { list: { fields: { ...VERSION, parents: { list: 'text' }, head: 'flag' } } },
      cursor: CURSOR,
    },
  },
};

export const fits = (route: ClientRoute, body: unknown): boolean => matches(SHAPES[route], body);

const matches = (shape: Shape, value: unknown): boolean => {
  switch (shape) {
    case 'any':
      return value !== undefined;
    case 'text':
      return typeof value === 'string';
    case 'number':
      return Number.isFinite(value);
    case 'flag':
      return typeof value === 'boolean';
    default:
      if ('maybe' in shape) return value === undefined || matches(shape.maybe, value);
      if ('list' in shape) return Array.isArray(value) && value.every((each) => matches(shape.list, each));
      return isObject(value) && Object.entries(shape.fields).every(([name, each]) => matches(each, Reflect.get(value, name)));
  }
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
