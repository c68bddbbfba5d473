/** The two kinds of callers have this in common. */

import { ANSWERS } from '../../functions/contract/answers.ts';
import type { Expectation } from './expectations.ts';
import type { Action, OperationRecord, Result, Seen } from './operations.ts';

export interface Caller {
  readonly name: string;
  readonly kind: OperationRecord['kind'];
  readonly near: string;
  /** Never rejects. */
  perform(action: Action): Promise<Result>;
  close(): Promise<void>;
}

export interface CallerProps {
  readonly name: string;
  /** The region that the caller is near. */
  readonly near: string;
  readonly token: string;
  /** What answers to an action must say. Made when the action is sent. @default anything fits */
  readonly expect?: (action: Action) => Expectation;
}

/** Takes every answer as right. */
export const anything: Expectation = () => null;

/** The body of an answer that is a JSON object, else undefined. */
export const objectIn = (body: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

/** As many as a browser or an SDK would open, and then some. */
export const CONNECTIONS_MAX = 16;

/** Callers ask only for what was acknowledged to them. */
export const isMiss = (action: Action, status: number): boolean =>
  status === 404 && (action.operation === 'getOrder' || action.operation === 'payOrder' || action.operation === 'getRecord');

/** The id in an acknowledgement: an edit's is its version, a shipment's its order. */
export const idOf = ({ operation }: Action, value: object | undefined): string | null => {
  const answer: { readonly id?: unknown; readonly version?: unknown; readonly order?: unknown } = value ?? {};
  const id = operation === 'putRecord' ? answer.version : operation === 'shipOrder' ? answer.order : answer.id;
  return typeof id === 'string' ? id : null;
};

/** What a read's answer showed, as an attribute to spread; none where it showed nothing that can be read. */
export const sawIn = (action: Action, body: object | undefined): { readonly saw?: Seen } => {
  const saw = seenIn(action, body);
  return saw === undefined ? {} : { saw };
};

const seenIn = ({ operation }: Action, body: object | undefined): Seen | undefined => {
  if (operation === 'getOrder') {
    const { data } = ANSWERS.getOrder.safeParse(body);
    return data && { payments: data.payments.map((payment) => payment.id), state: data.state };
  }
  if (operation === 'getRecord') {
    const { data } = ANSWERS.getRecord.safeParse(body);
    return data && { heads: [data.version, ...data.conflicts.map((each) => each.version)] };
  }
  if (operation === 'getStock') {
    const { data } = ANSWERS.getStock.safeParse(body);
    return data && { received: data.received, available: data.available, sold: data.sold, moving: data.moving };
  }
  return undefined;
};

/** What an edit writes: nothing else writes the same, and so its answer can be told from every other. */
export const editValue = (key: string) => ({ edit: key });
