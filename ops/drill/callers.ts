/** The two kinds of callers have this in common. */
import type { Expectation } from './expectations.ts';
import type { Action, CallerKind, Result } from './operations.ts';

export interface Caller {
  readonly name: string;
  readonly kind: CallerKind;
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
  status === 404 && (action.operation === 'getOrder' || action.operation === 'payOrder');

/** The id in an acknowledgement. */
export const idOf = (value: object | undefined): string | null =>
  value && 'id' in value && typeof value.id === 'string' ? value.id : null;
