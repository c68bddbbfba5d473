/** AWS Backup's protocol (REST with JSON), as far as the functions use it and the emulator does not have it. */
import { startHttpServer, withBody } from '../support/http-server.ts';

type Json = Readonly<Record<string, unknown>>;

export interface BackupWorld {
  /** By the path that asks for it: `/restore-jobs/ID`, `/backup-jobs`. What is not here is answered 404. */
  readonly holds: Record<string, Json>;
}

export interface ListeningBackup extends BackupWorld {
  readonly url: string;
  /** Verdicts: restore job, status, message. */
  readonly verdicts: (readonly [job: string, status: unknown, message: string])[];
  /** Queries of each path that was asked for, newest last. */
  readonly asked: (readonly [path: string, query: URLSearchParams])[];
  stop(): Promise<void>;
}

export const listenAsBackup = async (): Promise<ListeningBackup> => {
  const verdicts: (readonly [string, unknown, string])[] = [];
  const asked: (readonly [string, URLSearchParams])[] = [];
  const holds: Record<string, Json> = {};
  const { url, stop } = await startHttpServer(
    withBody((request, response, sent) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://backup');
      const path = decodeURIComponent(pathname).replace(/\/$/, '');
      asked.push([path, searchParams]);
      const job = /^\/restore-jobs\/([^/]+)\/validations$/.exec(path)?.[1];
      if (job !== undefined) {
        const body: Json = JSON.parse(sent);
        verdicts.push([job, body['ValidationStatus'], String(body['ValidationStatusMessage'])]);
        response.writeHead(204).end();
        return;
      }
      const found = holds[path];
      const body = found ?? { Code: 'ResourceNotFoundException', Message: `nothing at ${path}` };
      const error = found === undefined ? { 'x-amzn-errortype': 'ResourceNotFoundException' } : {};
      response.writeHead(found === undefined ? 400 : 200, { 'content-type': 'application/json', ...error }).end(JSON.stringify(body));
    }),
  );
  return {
    url,
    holds,
    verdicts,
    asked,
    stop,
  };
};
