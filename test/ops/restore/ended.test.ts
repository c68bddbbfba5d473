import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { endOf, startTandem } from '../tandem.ts';

it.each(['SIGINT', 'SIGTERM'] as const)('a restore that is ended by %s says how to go on, at once and without a trace', async (signal) => {
  const sockets = new Set<Socket>();
  // Accepts, and never answers: the restore waits for its regions.
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const child = startTandem(['restore', '--target', 'aws', '--at', '2026-11-25T10:00:00Z', '--apply'], {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const ended = endOf(child);
  await once(server, 'connection');
  child.kill(signal);
  const { code, stderr } = await ended;
  for (const socket of sockets) socket.destroy();
  server.close();
  expect(stderr).toBe(
    `what was put back stays, and so does tandem-data-at-20261125T100000Z where it was made; run it again with --at 2026-11-25T10:00:00.000Z to go on\ntandem: ended by ${signal}\n`,
  );
  expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
});
