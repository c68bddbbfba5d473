/** What CodeDeploy does in a region's emulator: calls hooks, and tells EventBridge. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ACCOUNT } from '../deployment/deploy.ts';
import { LOCAL_SOURCE } from '../deployment/event-rules.ts';
import { clientOptions, type EmulatorAddress } from '../emulator-access.ts';
import type { HookEvent } from './deployment.ts';
import type { NotifiedState } from './outcome.ts';

export interface Notification {
  readonly state: NotifiedState;
  readonly deploymentId: string;
  readonly application: string;
  readonly group: string;
}

export class CodeDeployEmulator {
  readonly #region: string;
  readonly #lambda: LambdaClient;
  readonly #events: EventBridgeClient;

  constructor(region: EmulatorAddress) {
    this.#region = region.name;
    this.#lambda = new LambdaClient(clientOptions(region));
    this.#events = new EventBridgeClient(clientOptions(region));
  }

  /** Does not wait for it. */
  async callHook(functionName: string, event: HookEvent): Promise<void> {
    await this.#lambda.send(
      new InvokeCommand({ FunctionName: functionName, InvocationType: 'Event', Payload: new TextEncoder().encode(JSON.stringify(event)) }),
    );
  }

  /** https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-codedeploy.html */
  async notify({ state, deploymentId, application, group }: Notification): Promise<void> {
    const arn = (resource: string): string => `arn:aws:codedeploy:${this.#region}:${ACCOUNT}:${resource}`;
    const answer = await this.#events.send(
      new PutEventsCommand({
        Entries: [
          {
            Source: `${LOCAL_SOURCE}aws.codedeploy`,
            DetailType: 'CodeDeploy Deployment State-change Notification',
            Resources: [arn(`application:${application}`), arn(`deploymentgroup:${application}/${group}`)],
            Detail: JSON.stringify({ region: this.#region, deploymentId, state, application, deploymentGroup: group }),
          },
        ],
      }),
    );
    const [refused] = (answer.Entries ?? []).filter(({ ErrorCode }) => ErrorCode !== undefined);
    if (refused !== undefined)
      throw new Error(`the event of ${deploymentId} was refused: ${refused.ErrorCode} ${refused.ErrorMessage ?? ''}`);
  }

  close(): void {
    this.#lambda.destroy();
    this.#events.destroy();
  }
}
