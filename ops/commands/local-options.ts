/** Options of commands that start a system on this machine. Ports that are not given are the system's own defaults. */
import type { Command } from 'commander';
import { baseUrl, port } from '../options.ts';

export const addLocalOptions = (command: Command): Command =>
  command
    .option('--endpoint <url>', 'serve all regions from an AWS emulator that already runs, such as LocalStack', baseUrl)
    .option('--edge-port <port>', 'port of the front doors', port)
    .option('--dns-port <port>', 'port of the DNS server', port)
    .option('--control-port <port>', 'port of the control API', port)
    .option('--emulator-port <port>', 'port of the first emulator; the others follow', port);
