/** A DynamoDB endpoint on loopback that answers at once: what is left is the function's and the SDK's own time. */
import { createServer, type Server } from 'node:http';
import { marshalAll } from '../functions/aws/marshal.ts';
import type { Item } from '../functions/core/store.ts';

export interface StubTable {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Answers `GetItem` with nothing, and `Query` with the items of the partition it asks for. */
export const startStubTable = async (items: readonly Item[]): Promise<StubTable> => {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { ExpressionAttributeValues: values }: { ExpressionAttributeValues?: Record<string, { S?: string }> } = JSON.parse(
        Buffer.concat(chunks).toString(),
      );
      const found = items.filter((item) => values?.[':v0']?.S === item.pk && item.sk.startsWith(values[':v1']?.S ?? ''));
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(values ? { Items: found.map(marshalAll) } : {}));
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
