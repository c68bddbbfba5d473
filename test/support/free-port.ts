import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of 127.0.0.1 that was free a moment ago. Whoever can, binds port 0 instead. */
export const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  const closed = once(server, 'close');
  server.close();
  await closed;
  if (at === null || typeof at === 'string') throw new Error('no port was given');
  return at.port;
};
