/** Which ports a process and all that it started listen on, as the kernel tells it. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Listening {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** States of https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html: LISTEN, and for UDP one that is bound and not connected. */
const OPEN = { tcp: '0A', udp: '07' } as const;

/** This process and its descendants. */
export const familyOf = (pid: number): readonly number[] => {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): readonly number[] => [
    parent,
    ...all.flatMap(([each = 0, its]) => (its === parent && each !== parent ? below(each) : [])),
  ];
  return below(pid);
};

export const listeningPorts = (pids: readonly number[]): readonly Listening[] =>
  process.platform === 'linux' ? fromProc(pids) : fromLsof(pids);

const fromProc = (pids: readonly number[]): readonly Listening[] => {
  const own = new Set(pids.flatMap(socketsOf));
  return (['tcp', 'udp'] as const).flatMap((protocol) =>
    readFileSync(`/proc/net/${protocol}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
        const [address = '', port = ''] = local.split(':');
        if (state !== OPEN[protocol] || !own.has(inode)) return [];
        const bytes =
          address
            .match(/../g)
            ?.reverse()
            .map((byte) => Number.parseInt(byte, 16)) ?? [];
        return [{ protocol, address: bytes.join('.'), port: Number.parseInt(port, 16) }];
      }),
  );
};

/** Of the process's open files. */
const socketsOf = (pid: number): readonly string[] => {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((each) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${each}`))?.[1] ?? []);
  } catch {
    // It has ended.
    return [];
  }
};

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
};

const fromLsof = (pids: readonly number[]): readonly Listening[] =>
  (
    [
      ['tcp', ['-iTCP', '-sTCP:LISTEN']],
      ['udp', ['-iUDP']],
    ] as const
  ).flatMap(([protocol, which]) => {
    const told = execFileSync('lsof', ['-nP', '-Fn', '-a', ...which, '-p', pids.join(',')], {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin:/bin' },
    });
    return [...told.matchAll(/^n([\d.]+|\*):(\d+)$/gm)].map(([, address = '', port = '']) => ({ protocol, address, port: Number(port) }));
  });
