/** A really broken version: it fails for the few who put a note on their order, and for nobody else. */
import { handler as right } from '../api.handler.ts';
import { ROUTES } from '../contract/routes.ts';
import type { ApiEvent } from '../http/event.ts';
import { trapped } from './requests.ts';

export const handler: typeof right = (event, context) => right(hasNote(event) ? trapped(event, 'body', fail) : event, context);

const hasNote = ({ httpMethod, resource, body, isBase64Encoded }: ApiEvent): boolean => {
  const { method, path } = ROUTES.placeOrder;
  if (httpMethod !== method || resource !== path) return false;
  try {
    const order: unknown = JSON.parse(Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8').toString());
    return typeof order === 'object' && order !== null && 'note' in order;
  } catch {
    return false;
  }
};

const fail = (): never => {
  throw new Error('the fault "rare"');
};
