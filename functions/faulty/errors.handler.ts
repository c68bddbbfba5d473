/** A really broken version: every third write of users fails with an error that nobody expected. Nothing of it is done. */
import { handler as right } from '../api.handler.ts';
import { isUserWrite, trapped } from './requests.ts';

const FAILS_EACH = 3;
let writes = 0;

export const handler: typeof right = (event, context) => {
  if (!isUserWrite(event)) return right(event, context);
  writes += 1;
  return right(writes % FAILS_EACH === 0 ? trapped(event, 'body', fail) : event, context);
};

const fail = (): never => {
  throw new Error('the fault "errors"');
};
