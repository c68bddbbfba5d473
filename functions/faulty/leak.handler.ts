/** A really broken version: each request of a user leaves memory behind that is never given back. */
import { handler as right } from '../api.handler.ts';
import { isUserRequest } from './requests.ts';

const MEGABYTE = 2 ** 20;
const LEFT_MEGABYTES = 4;
/** What Lambda gives where a function does not say. */
const MEMORY_MEGABYTES_DEFAULT = 128;

const left: Buffer[] = [];

export const handler: typeof right = (event, context) => {
  if (isUserRequest(event)) {
    // Written to, because memory that is only reserved is not the process's yet.
    left.push(Buffer.alloc(LEFT_MEGABYTES * MEGABYTE, 1));
    endWhenFull();
  }
  return right(event, context);
};

/** As Lambda ends it: an emulator sets no limit, and the leak must not take the machine's memory. */
const endWhenFull = (): void => {
  const megabytes = Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? MEMORY_MEGABYTES_DEFAULT);
  if (process.memoryUsage.rss() >= megabytes * MEGABYTE) process.kill(process.pid, 'SIGKILL');
};
