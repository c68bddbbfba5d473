/**
 * The process that is a region: leader of a process group that holds its front door, its streams' mappings and its emulator, so
 * that killing or freezing the group loses all of it at once. It ends, with its group, when the supervisor does or when the emulator does.
 */
import { createInterface, type Interface } from 'node:readline';
import { STACKS } from '../../functions/contract/names.ts';
import { FrontDoor } from '../edge/front-door.ts';
import { PRIVATE_UMASK } from '../state-folder.ts';
import { spawnEmulator, untilEmulatorAnswers } from './emulator.ts';
import { type Command, commandSchema, type HostSettings, hostSettingsSchema, type Report } from './protocol.ts';
import { gatherServed } from './served.ts';

const tell = (report: Report): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${JSON.stringify(report)}\n`, () => resolve()));

/** SIGKILL to the own group. */
const end = (): void => {
  process.kill(0, 'SIGKILL');
};

const breakDown = async (message: string): Promise<void> => {
  await tell({ kind: 'broken', message });
  end();
};

const startEmulator = async ({ region, endpoint, secretAccessKey, emulator }: HostSettings): Promise<number | null> => {
  if (emulator === null) return null;
  const child = spawnEmulator({ region, secretAccessKey, ...emulator });
  child.once('error', (error) => void breakDown(`the emulator cannot be started: ${error.message}`));
  child.once(
    'exit',
    (code, signal) =>
      void breakDown(
        `the emulator ended by itself (${signal ?? `exit code ${code}`}); its last words are in ${emulator.folder}/emulator.log`,
      ),
  );
  await untilEmulatorAnswers(endpoint, secretAccessKey);
  return child.pid ?? null;
};

/** From when the stack is there, as long as this process lives. */
const runMappings = async ({ region, endpoint, accessKeyId, secretAccessKey }: HostSettings): Promise<void> => {
  // Not before the emulator runs: the clients take as long to load as that does.
  const { StreamMappings } = await import('../streams/mappings.ts');
  new StreamMappings({
    region: { name: region, endpoint, accessKeyId, secretAccessKey },
    stack: STACKS.cell(region),
    onAge: (age) => void tell({ kind: 'handed', ...age }),
    onBroken: (message) => void breakDown(message),
  }).start();
};

/** Carries out commands one after the other. */
const commander = (settings: HostSettings) => {
  const onAnswer = gatherServed(tell);
  let opened: FrontDoor | undefined;
  let last = Promise.resolve();
  const door = (): FrontDoor => {
    if (opened === undefined) throw new Error('the front door is not open yet');
    return opened;
  };
  const carryOut = async (command: Command): Promise<void> => {
    switch (command.kind) {
      case 'open':
        opened = new FrontDoor({ ...settings, ...command, ...(settings.emulator && { secret: settings.secretAccessKey }), onAnswer });
        return opened.open();
      case 'edge':
        return door().set(command.fault);
      case 'shift':
        return door().shift(command.share, command.live, command.candidate);
    }
  };
  return (line: string): void => {
    const command = commandSchema.parse(JSON.parse(line));
    last = last
      .then(() => carryOut(command))
      .then(
        () => tell({ kind: 'done', id: command.id }),
        (error: unknown) => tell({ kind: 'failed', id: command.id, message: error instanceof Error ? error.message : String(error) }),
      );
  };
};

/** The first line; commands follow. */
const settingsFrom = (lines: Interface): Promise<HostSettings> =>
  new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      try {
        const settings = hostSettingsSchema.parse(JSON.parse(line));
        lines.on('line', commander(settings));
        resolve(settings);
      } catch (error) {
        reject(error);
      }
    });
  });

const main = async (): Promise<void> => {
  process.umask(PRIVATE_UMASK);
  const lines = createInterface({ input: process.stdin });
  // The supervisor holds the other end, and is gone.
  lines.on('close', end);
  const settings = await settingsFrom(lines);
  await tell({ kind: 'ready', emulatorPid: await startEmulator(settings) });
  await runMappings(settings);
};

main().catch((error: unknown) => breakDown(error instanceof Error ? error.message : String(error)));
