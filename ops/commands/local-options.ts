/** Options of commands that start a system on this machine. */
import type { Command } from 'commander';
import { anyPort, baseUrl, port } from '../options.ts';
import { DEFAULT_PORTS } from '../targets/local-start.ts';

export const addLocalOptions = (command: Command): Command =>
  command
    .option('--endpoint <url>', 'serve all regions from an AWS emulator that already runs, such as LocalStack', baseUrl)
    .option('--edge-port <port>', 'port of the front doors', port, DEFAULT_PORTS.edge)
    .option('--edge-tls-port <port>', 'port of the front doors for TLS', port, DEFAULT_PORTS.edgeTls)
    .option('--dns-port <port>', 'port of the DNS server', anyPort, DEFAULT_PORTS.dns)
    .option('--control-port <port>', 'port of the control API', port, DEFAULT_PORTS.control)
    .option('--emulator-port <port>', 'port of the first emulator; the others follow', port, DEFAULT_PORTS.emulator);
