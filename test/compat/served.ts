/** A release's functions in one region, as processes: asked as API Gateway, the table's stream and the clock ask them. */
import { marshalAll } from '../../functions/aws/marshal.ts';
import { HEADERS } from '../../functions/contract/names.ts';
import { ROUTES } from '../../functions/contract/routes.ts';
import type { Item } from '../../functions/core/store.ts';
import { ApiWorld, type Sent } from '../functions/api-world.ts';
import { type FunctionPlace, type FunctionProcess, startFunction } from '../support/function-process.ts';
import type { Release } from './releases.ts';

export interface Told {
  readonly asked: string;
  readonly status: number;
  readonly replayed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Makes events; its own API is never asked. */
const events = new ApiWorld();

export class Served {
  readonly release: Release;
  readonly region: string;
  /** Everything that was answered. */
  readonly answers: Told[] = [];
  readonly #api: FunctionProcess;
  readonly #housekeeping: FunctionProcess;

  private constructor(release: Release, region: string, api: FunctionProcess, housekeeping: FunctionProcess) {
    this.release = release;
    this.region = region;
    this.#api = api;
    this.#housekeeping = housekeeping;
  }

  static async start(release: Release, place: Omit<FunctionPlace, 'release' | 'memoryMegabytes'>): Promise<Served> {
    const given = { ...place, release: release.name, memoryMegabytes: 512 };
    const api = await startFunction(release.api, given);
    try {
      return new Served(release, place.region, api, await startFunction(release.housekeeping, given));
    } catch (error: unknown) {
      await api.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#api.stop(), this.#housekeeping.stop()]);
  }

  async ask(method: string, path: string, sent: Sent): Promise<Told> {
    const { answer } = await this.#api.invoke(events.event(method, path, sent));
    const { statusCode, headers, body }: Answer = toAnswer(answer);
    const told = {
      asked: `${method} ${path} of ${this.release.name} in ${this.region}`,
      status: statusCode,
      replayed: headers[HEADERS.replayed] === 'true',
      headers,
      text: body,
      body: JSON.parse(body),
    };
    this.answers.push(told);
    return told;
  }

  /** Writes the heartbeat, as whoever asks for the region's health makes it do. */
  async beat(): Promise<void> {
    const { status, text } = await this.ask('GET', ROUTES.health.path, {});
    if (status !== 200) throw new Error(`${this.region} answered ${status} to its health check: ${text}`);
  }

  /** Does what the items of a stream's records ask for. Answers how many must come again. */
  async keepHouse(items: readonly Item[]): Promise<number> {
    const Records = items.map((item, index) => ({ dynamodb: { SequenceNumber: String(index + 1), NewImage: marshalAll(item) } }));
    return this.#keepHouseOf(Records);
  }

  /** Hands records of a stream to housekeeping. Answers what it answered. */
  async handOver(Records: readonly object[]): Promise<unknown> {
    return (await this.#housekeeping.invoke({ Records })).answer;
  }

  async #keepHouseOf(Records: readonly object[]): Promise<number> {
    const answer = await this.handOver(Records);
    const failures = typeof answer === 'object' && answer !== null && 'batchItemFailures' in answer ? answer.batchItemFailures : undefined;
    if (!Array.isArray(failures)) throw new Error(`housekeeping of ${this.release.name} answered ${JSON.stringify(answer)}`);
    return failures.length;
  }
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const toAnswer = (answer: unknown): Answer => JSON.parse(JSON.stringify(answer));
