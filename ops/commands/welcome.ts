/** What `tandem start` tells once everything serves. Every line works as printed. */
import { HEADERS } from '../../functions/contract/names.ts';
import type { Target } from '../targets/target.ts';

export interface WelcomeProps {
  readonly target: Pick<Target, 'regions' | 'dns'>;
  readonly token: string;
  /** Minutes that the token is valid. */
  readonly tokenMinutes: number;
}

export const welcome = ({ target, token, tokenMinutes }: WelcomeProps): string => {
  const [first] = target.regions;
  if (first === undefined) return '';
  const post = (path: string, key: string, body: unknown) =>
    [
      `curl -sS -X POST ${first.url}${path} -H 'host: ${first.host}'`,
      `-H 'authorization: Bearer ${token}'`,
      `-H '${HEADERS.idempotencyKey}: ${key}' -H 'content-type: application/json' -d '${JSON.stringify(body)}'`,
    ].join(' ');
  return [
    'Front doors:',
    ...target.regions.map(({ name, url, host }) => `  ${name}  ${url}  (Host: ${host})`),
    ...(target.dns === undefined
      ? []
      : ['', `DNS: ask for ${target.dns.name}`, ...target.regions.map(({ name }) => `  ${digNear(target.dns, name)}`)]),
    '',
    `Receive stock, then order it (the token is valid for ${tokenMinutes} minutes; \`tandem token\` prints another):`,
    post(`/stock/book/regions/${first.name}/receipts`, 'first-receipt', { quantity: 10 }),
    '',
    post('/orders', 'first-order', { lines: [{ sku: 'book', quantity: 1 }] }),
  ].join('\n');
};

/** As a caller near a region asks. */
const digNear = (dns: Target['dns'], region: string): string =>
  dns === undefined
    ? ''
    : `dig @${dns.server.address} -p ${dns.server.port} ${dns.name} +subnet=${dns.subnetNear(region)}/24 +short   # near ${region}`;
