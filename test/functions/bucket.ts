/** The bucket in which CloudFormation waits for the answers of custom resources. */
import type { ResourceEvent } from '../../functions/aws/custom-resource.ts';
import { startHttpServer, withBody } from '../support/http-server.ts';

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
  const server = await startHttpServer(
    withBody((request, response, body) => {
      if (refusals > 0) {
        refusals -= 1;
        response.writeHead(500).end();
        return;
      }
      answers.push({ type: request.headers['content-type'], body: JSON.parse(body) });
      response.end();
    }),
  );
  const url = `${server.url}/answer?signature=x`;
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
    stop: server.stop,
  };
};
