/** An HTTP hop to a DynamoDB that passes every request on and loses what it is told to lose of the answers. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { SECRET_HEADER } from '../../local/emulator-access.ts';
import type { Database } from './tables.ts';

export class LossyWire {
  /** Requests that were passed on. */
  requests = 0;
  /** Answers to other requests than these are not lost. */
  loses: (operation: string) => boolean = () => true;
  readonly endpoint: string;
  readonly #server: Server;
  #lost = 0;
  #reset = 0;
  #cut = 0;

  static async to({ endpoint, secretAccessKey }: Pick<Database, 'endpoint' | 'secretAccessKey'>): Promise<LossyWire> {
    const holder: { wire?: LossyWire } = {};
    const server = createServer((incoming, outgoing) => holder.wire?.pass({ endpoint, secretAccessKey }, incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port was given');
    holder.wire = new LossyWire(server, `http://127.0.0.1:${address.port}`);
    return holder.wire;
  }

  private constructor(server: Server, endpoint: string) {
    this.#server = server;
    this.endpoint = endpoint;
  }

  /** The next answers are never sent. */
  loseAnswers(count: number): void {
    this.requests = 0;
    this.#lost = count;
  }

  /** The next requests are taken, and their connections are reset where an answer was due. */
  resetAnswers(count: number): void {
    this.requests = 0;
    this.#reset = count;
  }

  /** The next answers stop in the middle of their body. */
  cutBodies(count: number): void {
    this.requests = 0;
    this.#cut = count;
  }

  pass(
    { endpoint, secretAccessKey }: Pick<Database, 'endpoint' | 'secretAccessKey'>,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): void {
    this.requests += 1;
    const { method, url } = incoming;
    const target = new URL(url ?? '/', endpoint);
    // What was signed is the name of this hop.
    const headers = { ...incoming.headers, host: target.host, [SECRET_HEADER]: secretAccessKey };
    const mayLose = this.loses(String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '');
    const onward = request(target, { method, headers }, (answer) => {
      if (mayLose && this.#lost > 0) {
        this.#lost -= 1;
        answer.resume();
        return;
      }
      if (mayLose && this.#reset > 0) {
        this.#reset -= 1;
        answer.resume();
        incoming.socket.resetAndDestroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (mayLose && this.#cut > 0) {
        this.#cut -= 1;
        answer.resume();
        outgoing.write('{');
        return;
      }
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
