/** The bucket in which CloudFormation waits for the answers of custom resources. */
import { createServer } from 'node:http';
import type { ResourceEvent } from '../../functions/aws/custom-resource.ts';

export interface Bucket {
  readonly url: string;
  /** Each answer, with the content type that it came under. */
  readonly answers: readonly { readonly type: string | undefined; readonly body: Record<string, unknown> }[];
  /** Refuses the next so many answers. */
  refuse(times: number): void;
  event(type: ResourceEvent['RequestType'], logicalId: string, properties?: Record<string, unknown>): ResourceEvent;
  stop(): Promise<void>;
}

export const startBucket = async (): Promise<Bucket> => {
  const answers: { readonly type: string | undefined; readonly body: Record<string, unknown> }[] = [];
  let refusals = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (refusals > 0) {
        refusals -= 1;
        response.writeHead(500).end();
        return;
      }
      answers.push({ type: request.headers['content-type'], body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/answer?signature=x` : '';
  return {
    url,
    answers,
    refuse: (times) => {
      refusals = times;
    },
    event: (RequestType, LogicalResourceId, ResourceProperties = {}) => ({
      RequestType,
      ResponseURL: url,
      StackId: 'stack-1',
      RequestId: 'request-1',
      LogicalResourceId,
      ResourceProperties,
    }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
