/** The cells of a system: what each region is called, what proves that, what its functions find, and who watches it. */
import { writeFileSync } from 'node:fs';
import { dnsNames, PEER_ENDPOINTS_ENV } from '../functions/contract/names.ts';
import type { Config } from '../infra/config.ts';
import { type Cell, type CellSettings, makeCell } from './cell.ts';
import { CloudWatch } from './cloudwatch/cloudwatch.ts';
import { makeAuthority } from './edge/certificates.ts';
import type { EventLog } from './events.ts';
import { emulatorUrl, type Ports } from './loopback.ts';
import type { Network } from './network.ts';
import { functionNetwork } from './region/function-network.ts';
import type { RegionProps } from './region/region.ts';

export interface CellsProps extends Pick<CellSettings, 'projectFolder' | 'stateFolder' | 'secretAccessKey' | 'register' | 'events'> {
  readonly config: Config & { readonly domain: NonNullable<Config['domain']> };
  readonly ports: Pick<Ports, 'emulator'>;
  readonly network: Network;
  /** Of an emulator that runs already and serves all regions. */
  readonly endpoint?: string;
  /** Where the certificate goes that callers of front doors trust: of an authority that is made anew here. */
  readonly caFile: string;
  /** From when certificates count, since 1970. */
  readonly nowMs: number;
  /** Where the hooks of a region find CodeDeploy. */
  readonly codeDeployUrl: (region: string) => string;
  readonly assemblyOf: (region: string) => string;
  readonly onTrouble: (region: string, detail: string) => void;
  readonly onServed: (region: string, ...served: Parameters<RegionProps['onServed']>) => void;
  readonly onHanded: (region: string, ...handed: Parameters<RegionProps['onHanded']>) => void;
}

/** In the order of the config. Starts nothing. */
export const makeCells = (props: CellsProps): readonly Cell[] => {
  const { config, ports, network, caFile, endpoint, onTrouble, onServed, onHanded } = props;
  const domain = config.domain.name;
  const authority = makeAuthority(domain, props.nowMs);
  writeFileSync(caFile, authority.certificate);
  const emulators = Object.fromEntries(config.regions.map(({ name }, index) => [name, emulatorUrl(ports.emulator + index)]));
  return config.regions.map(({ name }, index) => {
    const places = network.regions[index];
    if (places === undefined) throw new Error(`the network has no place for ${name}`);
    const names = dnsNames(domain, name);
    return makeCell({
      ...props,
      ...names,
      origins: config.cors.origins,
      name,
      places,
      endpoint,
      emulatorPort: ports.emulator + index,
      credentials: authority.issue(name, [names.regional, names.shared]),
      functionEnvironment: {
        ...functionNetwork({ caFile, resolver: places.resolver, domain, routes: network.routes }),
        [PEER_ENDPOINTS_ENV]: JSON.stringify(emulators),
        AWS_ENDPOINT_URL_CODEDEPLOY: props.codeDeployUrl(name),
      },
      assembly: props.assemblyOf(name),
      onTrouble: (detail) => onTrouble(name, detail),
      onServed: (atMs, answers) => onServed(name, atMs, answers),
      onHanded: (age) => onHanded(name, age),
    });
  });
};

/** Evaluates the alarms of a region's cell, as AWS would get it. */
export const watchAlarms = ({ region: { props }, release }: Cell, events: EventLog): CloudWatch => {
  const { name: region, endpoint, accessKeyId, secretAccessKey } = props;
  return new CloudWatch({
    region,
    endpoint,
    accessKeyId,
    secretAccessKey,
    stacks: [release.stack],
    onAlarm: ({ id, to, reason, atMs }) =>
      events.add({ kind: 'alarm', region, alarm: id, state: to, detail: `alarm ${id} is ${to}: ${reason}`, atMs }),
  });
};
