/** A loopback interface that has 127.0.0.1 and nothing else, as on macOS: in a network namespace of Linux, which needs no root where the system allows it. */

const MAKE_IT = 'ip link set lo up && ip address delete 127.0.0.1/8 dev lo && ip address add 127.0.0.1/32 dev lo';

/** Runs a command there; its exit code is the command's. */
export const withOneAddress = (...command: readonly [string, ...string[]]): readonly [string, ...string[]] => [
  'unshare',
  '--map-root-user',
  '--net',
  'sh',
  '-c',
  `${MAKE_IT} && exec "$@"`,
  'sh',
  ...command,
];
