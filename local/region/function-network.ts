/**
 * What makes functions find the API under its own names on port 443, as on AWS, without knowing that they are on a laptop:
 * variables of their environment, the same for all. `function-network.mjs` is what they load before their own code.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';

const PRELOADED = fileURLToPath(new URL('./function-network.mjs', import.meta.url));

export interface FunctionNetworkProps {
  /** Of the authority that front doors have their certificates from. */
  readonly caFile: string;
  readonly dns: { readonly address: string; readonly port: number };
  /** An address of this machine from which the name server takes a caller to be near the region: that of its front door. */
  readonly near: string;
  /** Names at and below it are looked up at `dns`: the API's, not the whole zone, which has records of others on AWS. */
  readonly domain: string;
  /** Where port 443 of a front door is on this machine. */
  readonly tlsPort: number;
}

/** Environment variables, all of them safe to show. */
export const functionNetwork = ({ caFile, dns, near, domain, tlsPort }: FunctionNetworkProps): Readonly<Record<string, string>> => ({
  NODE_EXTRA_CA_CERTS: caFile,
  // As a URL: Node splits this variable at spaces, which a folder's name may have.
  NODE_OPTIONS: `--import ${pathToFileURL(PRELOADED).href}`,
  TANDEM_LOCAL_NETWORK: JSON.stringify({ server: `${dns.address}:${dns.port}`, near, domain, tlsPort }),
});
