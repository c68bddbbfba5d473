/** What `start` tells once everything serves. Every command works as printed, pasted into sh, bash or zsh. */
import { HEADERS } from '../../functions/contract/names.ts';
import { asText } from '../print.ts';
import { table } from '../table.ts';
import { quote, tandem, words } from '../tandem.ts';
import type { Target } from '../targets/target.ts';

/** @param toTry whether a drill follows at once */
export const welcome = ({ regions, dns }: Pick<Target, 'regions' | 'dns'>, drills: boolean): string => {
  // The first drill loses the first region: a call to another works at any moment.
  const toTry = regions.at(-1);
  if (toTry === undefined) return '';
  return asText([
    `Up: ${regions.length} regions on this machine.`,
    ...table(regions.map(({ name, url, host }) => [`  ${name}`, url, `as ${host}`])),
    '',
    'Try it: a delivery of ten books arrives (the token goes through the pipe, and lasts an hour):',
    '',
    ...receipt(toTry),
    '',
    'See more, from another terminal:',
    ...table([
      [`  ${tandem('status')}`, 'how each region is'],
      [`  ${tandem('drill', 'partition')}`, 'what happens when regions are cut off from each other'],
      [`  ${tandem('drill', '--help')}`, 'and other things that can break'],
      [`  ${tandem('status', '--stand-ins')}`, 'what stands in for AWS here'],
    ]),
    ...(dns === undefined ? [] : regions.map(({ name }) => `  ${digNear(dns, name)}`)),
    '',
    `End it: Ctrl-C here.${drills ? ' First, a region is lost under load (--no-drill leaves that out).' : ''}`,
  ]);
};

/** The token is read from standard input: neither the list of processes nor the screen shows it. */
const receipt = ({ name, url, host }: Target['regions'][number]): readonly string[] => [
  `  ${tandem('token', '--curl')} | curl -sS --config - \\`,
  `    -H ${quote(`host: ${host}`)} -H ${quote(`${HEADERS.idempotencyKey}: first-receipt`)} \\`,
  `    -H 'content-type: application/json' -d '{"quantity":10}' \\`,
  `    ${quote(`${url}/stock/book/regions/${name}/receipts`)}`,
];

/** As a caller near a region asks. */
const digNear = ({ server, name, subnetNear }: NonNullable<Target['dns']>, region: string): string =>
  `${words('dig', `@${server.address}`, '-p', String(server.port), name, `+subnet=${subnetNear(region)}/24`, '+short')}   # near ${region}`;
