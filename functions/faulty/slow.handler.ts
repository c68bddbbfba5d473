/** A really broken version: users' requests take longer, as with work that keeps the processor. */
import { handler as right } from '../api.handler.ts';
import { isUserRequest, trapped } from './requests.ts';

const LONGER_MS = 1_500;
const nobody = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

export const handler: typeof right = (event, context) => right(isUserRequest(event) ? trapped(event, 'resource', dawdle) : event, context);

/** Waits for what nobody will change. */
const dawdle = (): void => {
  Atomics.wait(nobody, 0, 0, LONGER_MS);
};
