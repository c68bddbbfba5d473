/** A DynamoDB that answers as told, over a real connection, and keeps what it was asked. Disposed of with what hangs on it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../functions/aws/clients.ts';
import { type HttpServer, startHttpServer, withBody } from '../support/http-server.ts';

export interface Asked {
  /** `GetItem`, `TransactWriteItems`, ... */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * `reset`: the request was taken, and the connection ends without an answer. `cut`: it ends in the middle of one. `silence`:
 * nothing comes.
 */
export type Reply = 'reset' | 'cut' | 'silence' | { readonly status: number; readonly body: object };

export const success = (body: object = {}): Reply => ({ status: 200, body });
export const failure = (status: number, name: string, more: object = {}): Reply => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: name, ...more },
});

export class DynamoWire implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly client: DynamoDBClient;
  readonly #server: HttpServer;
  readonly #replies: readonly Reply[];

  /** @param replies one after the other; the last to all that come after */
  static async answering(...replies: readonly Reply[]): Promise<DynamoWire> {
    const server = await startHttpServer(withBody((...asked) => wire.#answer(...asked)));
    const wire = new DynamoWire(server, replies);
    return wire;
  }

  private constructor(server: HttpServer, replies: readonly Reply[]) {
    this.#server = server;
    this.#replies = replies;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    this.client = dynamoClient({ endpoint: server.url, region: 'eu-central-1', credentials });
  }

  get url(): string {
    return this.#server.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    await this.#server.stop();
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const reply = this.#replies[Math.min(this.asked.length, this.#replies.length - 1)] ?? 'silence';
    this.asked.push({ operation: String(request.headers['x-amz-target']).split('.').at(-1) ?? '', input: JSON.parse(body) });
    if (reply === 'silence') return;
    if (reply === 'reset') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply === 'cut' ? 200 : reply.status, { 'content-type': 'application/x-amz-json-1.0' });
    if (reply === 'cut') response.write('{"Item":', () => request.socket.destroy());
    else response.end(JSON.stringify(reply.body));
  }
}
