/** A proxy before an emulator that loses replicated writes, or only the answers to them. */
import { request } from 'node:http';
import { SECRET_HEADER } from '../../local/emulator-access.ts';
import type { TestEmulator } from '../support/emulator.ts';
import { startHttpServer } from '../support/http-server.ts';

export interface LossyProxy {
  readonly endpoint: string;
  /** Writes lost so far. */
  lost(): number;
  /** What happens to writes from now on. */
  set(mode: 'whole' | 'writes lost' | 'answers lost'): void;
  stop(): Promise<void>;
}

export const startLossyProxy = async ({ endpoint, secretAccessKey }: TestEmulator): Promise<LossyProxy> => {
  let mode: Parameters<LossyProxy['set']>[0] = 'whole';
  let lost = 0;
  const server = await startHttpServer((incoming, outgoing) => {
    const isWrite = /\.(PutItem|DeleteItem)$/.test(String(incoming.headers['x-amz-target']));
    const fate = isWrite ? mode : 'whole';
    if (fate !== 'whole') lost += 1;
    if (fate === 'writes lost') {
      incoming.socket.destroy();
      return;
    }
    const target = new URL(incoming.url ?? '/', endpoint);
    // What was signed is the name of this proxy.
    const headers = { ...incoming.headers, host: target.host, [SECRET_HEADER]: secretAccessKey };
    const forwarded = request(target, { method: incoming.method, headers }, (answer) => {
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
  return {
    endpoint: server.url,
    lost: () => lost,
    set: (next) => {
      mode = next;
    },
    stop: server.stop,
  };
};
