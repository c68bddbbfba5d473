/**
 * What makes functions find the API under its own names on port 443, as on AWS, without knowing that they are on a laptop:
 * variables of their environment, the same for all. `function-network.mjs` is what they load before their own code.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Place, Route } from '../network.ts';

const PRELOADED = fileURLToPath(new URL('./function-network.mjs', import.meta.url));

export interface FunctionNetworkProps {
  /** Of the authority that front doors have their certificates from. */
  readonly caFile: string;
  /** The name server that takes its callers to be near the functions' region. */
  readonly resolver: Place;
  /** Names at and below it are looked up there: the API's, not the whole zone, which has records of others on AWS. */
  readonly domain: string;
  readonly routes: readonly Route[];
}

/** Environment variables, all of them safe to show. */
export const functionNetwork = ({ caFile, resolver, domain, routes }: FunctionNetworkProps): Readonly<Record<string, string>> => ({
  NODE_EXTRA_CA_CERTS: caFile,
  // As a URL: Node splits this variable at spaces, which a folder's name may have.
  NODE_OPTIONS: `--import ${pathToFileURL(PRELOADED).href}`,
  TANDEM_LOCAL_NETWORK: JSON.stringify({
    server: keyOf(resolver),
    domain,
    routes: Object.fromEntries(routes.map(({ named, at }) => [keyOf(named), [at.address, at.port]])),
  }),
});

const keyOf = ({ address, port }: Place): string => `${address}:${port}`;
