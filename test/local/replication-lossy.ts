/** A proxy before an emulator that loses replicated writes, or only the answers to them. */
import { createServer, request } from 'node:http';

export interface LossyProxy {
  readonly endpoint: string;
  /** Writes lost so far. */
  lost(): number;
  /** What happens to writes from now on. */
  set(mode: 'whole' | 'writes lost' | 'answers lost'): void;
  stop(): Promise<void>;
}

export const startLossyProxy = async (target: string): Promise<LossyProxy> => {
  let mode: Parameters<LossyProxy['set']>[0] = 'whole';
  let lost = 0;
  const server = createServer((incoming, outgoing) => {
    const isWrite = /\.(PutItem|DeleteItem)$/.test(String(incoming.headers['x-amz-target']));
    const fate = isWrite ? mode : 'whole';
    if (fate !== 'whole') lost += 1;
    if (fate === 'writes lost') {
      incoming.socket.destroy();
      return;
    }
    const forwarded = request(new URL(incoming.url ?? '/', target), { method: incoming.method, headers: incoming.headers }, (answer) => {
      if (fate === 'answers lost') {
        answer.resume();
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    lost: () => lost,
    set: (next) => {
      mode = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
