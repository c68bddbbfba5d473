/** A system of its own on this machine, for as long as some work needs it. */
import type { Config } from '../../infra/config.ts';
import { ControlClient } from '../../local/control/client.ts';
import { DEFAULT_PORTS } from '../../local/loopback.ts';
import { loopbackRequest } from '../../local/loopback-request.ts';
import { startSystem } from '../../local/system.ts';
import { forgetEnded } from '../drill/marker.ts';
import { messageOf, UserError } from '../errors.ts';
import { LOCAL_FOLDER, ROOT, STATE } from '../folders.ts';
import type { Progress } from '../progress.ts';
import { tandem } from '../tandem.ts';
import { attachLocal, LocalTarget } from './local.ts';
import { installEmulators } from './local-emulators.ts';
import { told } from './local-errors.ts';
import { keepStandIns } from './local-stand-ins.ts';
import { startUnderWay, writtenDown } from './local-starting.ts';

export { DEFAULT_PORTS };

export interface StartProps {
  readonly config: Config;
  readonly options: LocalPorts;
  readonly progress: Progress;
  /** Ends the start early. What was started is ended. */
  readonly signal: AbortSignal;
}

export interface LocalPorts {
  /** Of an emulator that runs already, and serves all regions. */
  readonly endpoint?: string;
  readonly edgePort: number;
  readonly edgeTlsPort: number;
  readonly dnsPort: number;
  readonly controlPort: number;
  readonly emulatorPort: number;
}

/** Runs `work` with the system that runs on this machine, else with one that is started for it and ended after it. */
export const withLocalSystem = async <T>(props: StartProps, work: (target: LocalTarget) => Promise<T>): Promise<T> => {
  const running = await attachLocal();
  if (running === undefined) return withNewLocalSystem(props, work);
  try {
    return await work(running);
  } finally {
    running.close();
  }
};

/**
 * Runs `work` with a system of its own, which ends after it, whatever happens.
 *
 * @throws {UserError} when one runs already
 */
export const withNewLocalSystem = async <T>(
  { config, options, progress, signal }: StartProps,
  work: (target: LocalTarget) => Promise<T>,
): Promise<T> => {
  const running = await attachLocal();
  if (running !== undefined) {
    running.close();
    throw new UserError(
      `a local system runs already (process ${running.system.pid}); end it with Ctrl-C, or use it: \`${tandem('status')}\`, \`${tandem('drill')}\`, \`${tandem('token')}\``,
    );
  }
  const starting = await startUnderWay(LOCAL_FOLDER);
  if (starting !== undefined)
    throw new UserError(`a local system is being started already (${starting}); wait for it, or end it with Ctrl-C there`);
  const { endpoint, edgePort, edgeTlsPort, dnsPort, controlPort, emulatorPort } = options;
  if (endpoint === undefined) {
    await forgetEnded(STATE);
    await installEmulators(signal);
  } else await answers(endpoint);
  const ports = { edge: edgePort, edgeTls: edgeTlsPort, dns: dnsPort, control: controlPort, emulator: emulatorPort };
  const system = await writtenDown(LOCAL_FOLDER, progress, (steps) =>
    told(startSystem({ config, projectFolder: ROOT, ports, progress: steps, signal, ...(endpoint === undefined ? {} : { endpoint }) })),
  );
  try {
    keepStandIns(LOCAL_FOLDER, system.replaced);
    const control = new ControlClient(system.file);
    const target = new LocalTarget(control, await control.system());
    const result = await work(target);
    target.close();
    return result;
  } finally {
    await progress.step('ending every region', () => system.stop());
  }
};

const ANSWERS_WITHIN_MS = 10_000;

/** Whatever the answer is. The CDK would only say that it has no credentials. @throws {UserError} */
const answers = async (endpoint: string): Promise<void> => {
  try {
    await loopbackRequest(endpoint, { withinMs: ANSWERS_WITHIN_MS });
  } catch (cause) {
    throw new UserError(`given --endpoint ${endpoint}: ${messageOf(cause)}; start the emulator there, or leave --endpoint out`, { cause });
  }
};
