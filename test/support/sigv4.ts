/** Signs requests as an SDK does: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
import { createHash, createHmac } from 'node:crypto';

export interface Signing {
  readonly method?: string;
  readonly endpoint: string;
  readonly path?: string;
  readonly region: string;
  readonly service: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** @default now */
  readonly atMs?: number;
  /** @default none */
  readonly body?: string;
  /** That are signed beside what must be. */
  readonly headers?: Readonly<Record<string, string>>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const stampOf = (atMs: number = Date.now()): string => new Date(atMs).toISOString().replace(/[-:]|\.\d{3}/g, '');

const signatureOf = ({ secretAccessKey, region, service }: Signing, stamp: string, canonical: string): string => {
  const scope = [stamp.slice(0, 8), region, service, 'aws4_request'];
  const key = scope.reduce<string | Buffer>((before, part) => mac(before, part), `AWS4${secretAccessKey}`);
  return mac(key, ['AWS4-HMAC-SHA256', stamp, scope.join('/'), sha256(canonical)].join('\n')).toString('hex');
};

/** Headers that prove who asks. */
export const signedHeaders = (props: Signing): Readonly<Record<string, string>> => {
  const { method = 'GET', endpoint, path = '/', region, service, accessKeyId, atMs } = props;
  const stamp = stampOf(atMs);
  const digest = sha256(props.body ?? '');
  const values = { host: new URL(endpoint).host, 'x-amz-content-sha256': digest, 'x-amz-date': stamp, ...props.headers };
  const sorted = Object.entries(values).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const names = sorted.map(([name]) => name).join(';');
  const lines = sorted.map(([name, value]) => `${name}:${value}\n`);
  const signature = signatureOf(props, stamp, [method, path, '', lines.join(''), names, digest].join('\n'));
  const credential = `${accessKeyId}/${stamp.slice(0, 8)}/${region}/${service}/aws4_request`;
  return { ...values, authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}` };
};

/** Path and query of a URL of S3 that works for some seconds. */
export const presignedPath = (props: Signing, seconds: number | string): string => {
  const { method = 'GET', endpoint, path = '/', region, service, accessKeyId, atMs } = props;
  const stamp = stampOf(atMs);
  const query = new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${stamp.slice(0, 8)}/${region}/${service}/aws4_request`,
    'X-Amz-Date': stamp,
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': 'host',
  });
  const canonical = [method, path, query.toString(), `host:${new URL(endpoint).host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  query.set('X-Amz-Signature', signatureOf(props, stamp, canonical));
  return `${path}?${query}`;
};
