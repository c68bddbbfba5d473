/** A really broken version: it cannot be loaded, so that no request of any kind is answered. */
export { handler } from '../api.handler.ts';

throw new Error('the fault "crash-on-start"');
