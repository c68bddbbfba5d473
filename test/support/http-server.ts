import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpServer {
  readonly url: string;
  /** Refuses connections from now on, and ends those that are open. */
  stop(): Promise<void>;
}

/** A server on a port of loopback that nobody else has. */
export const startHttpServer = async (listener: RequestListener): Promise<HttpServer> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port was given');
  return {
    url: `http://127.0.0.1:${at.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** Is asked once a request is there with its body. Who goes away in the middle of it is not answered. */
export const withBody =
  (listener: (request: IncomingMessage, response: ServerResponse, body: string) => void): RequestListener =>
  (request, response) => {
    text(request).then(
      (body) => listener(request, response, body),
      () => undefined,
    );
  };
