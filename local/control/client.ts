/** Speaks the control API of a running system. The shapes of its answers are the ones it was built with: see `api.ts`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Delivery, DeliveryRequest } from '../../functions/contract/delivery.ts';
import { loopbackRequest } from '../loopback-request.ts';
import type { LinkChange } from '../replication/links.ts';
import { CONTROL_TOKEN_HEADER, type EdgeFault, type LocalEvent, type LocalSystem, type SystemFile } from './api.ts';

const READ_MS_MAX = 5_000;
/** Restarting a region deploys its stacks. */
const CHANGE_MS_MAX = 300_000;

export const SYSTEM_FILE = 'system.json';
const systemFile = z.object({ pid: z.int(), controlUrl: z.url(), token: z.string() });
const refusal = z.object({ error: z.string() });

/** The system answered that it will not, or cannot. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What `system.json` of a state folder says; undefined when no system runs there. */
export const readSystemFile = (stateFolder: string): SystemFile | undefined => {
  try {
    return systemFile.parse(JSON.parse(readFileSync(join(stateFolder, SYSTEM_FILE), 'utf8')));
  } catch {
    return undefined;
  }
};

export class ControlClient {
  readonly #file: SystemFile;

  constructor(file: SystemFile) {
    this.#file = file;
  }

  async system(): Promise<LocalSystem> {
    return this.#ask('GET', '/system', undefined, READ_MS_MAX);
  }

  async events(after: number): Promise<readonly LocalEvent[]> {
    return this.#ask('GET', `/events?after=${after}`, undefined, READ_MS_MAX);
  }

  async lose(region: string): Promise<LocalSystem> {
    return this.#change(`/regions/${region}/lose`);
  }

  async freeze(region: string): Promise<LocalSystem> {
    return this.#change(`/regions/${region}/freeze`);
  }

  async thaw(region: string): Promise<LocalSystem> {
    return this.#change(`/regions/${region}/thaw`);
  }

  async setEdge(region: string, fault: EdgeFault): Promise<LocalSystem> {
    return this.#change(`/regions/${region}/edge`, fault);
  }

  async restart(region: string, fence: readonly unknown[]): Promise<LocalSystem> {
    return this.#change(`/regions/${region}/restart`, { fence });
  }

  async admit(region: string): Promise<LocalSystem> {
    return this.#change(`/regions/${region}/admit`);
  }

  async setLink(change: LinkChange): Promise<LocalSystem> {
    return this.#change('/links', change);
  }

  async repair(): Promise<LocalSystem> {
    return this.#change('/repair');
  }

  async deliveries(): Promise<readonly Delivery[]> {
    return this.#ask('GET', '/deliveries', undefined, READ_MS_MAX);
  }

  async deliver(request: DeliveryRequest): Promise<Delivery> {
    return this.#ask('POST', '/deliveries', request, READ_MS_MAX);
  }

  async stopDelivery(): Promise<Delivery> {
    return this.#ask('POST', '/deliveries/stop', undefined, CHANGE_MS_MAX);
  }

  #change(path: string, body?: unknown): Promise<LocalSystem> {
    return this.#ask('POST', path, body, CHANGE_MS_MAX);
  }

  async #ask<T>(method: 'GET' | 'POST', path: string, body: unknown, timeoutMs: number): Promise<T> {
    const { statusCode, text } = await loopbackRequest(new URL(path, this.#file.controlUrl), {
      method,
      headers: { [CONTROL_TOKEN_HEADER]: this.#file.token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      withinMs: timeoutMs,
    });
    if (statusCode === 200) return JSON.parse(text);
    throw new ControlError(statusCode, refusalIn(text));
  }
}

const refusalIn = (text: string): string => {
  try {
    return refusal.parse(JSON.parse(text)).error;
  } catch {
    return text;
  }
};
