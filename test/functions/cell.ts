/** What a cell's delivery works with, as far as an emulator has it: functions with versions, a key, and a CodeDeploy that listens. */
import { readFileSync } from 'node:fs';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { ENV } from '../../functions/contract/names.ts';
import { auditKey, type DeploymentView, deploymentsKey, foldAudit, foldDeployments } from '../../functions/core/deployments.ts';
import { bundle } from '../../infra/bundle.ts';
import { clientOptions } from '../../local/emulator-access.ts';
import { PATIENT } from '../support/emulator.ts';
import { startHttpServer, withBody } from '../support/http-server.ts';
import { zipOf } from '../support/zip.ts';
import { HERE, type Lab } from './lab.ts';

const WAIT_MS_MAX = 20_000;

export const sdkOf = ({ emulator }: Lab) => clientOptions({ ...emulator, name: emulator.region }, PATIENT);

/** The API as Lambda gets it, and versions of it that are really broken. */
export const CODES = {
  right: () => apiCode(),
  'right again': () => `${apiCode()}\n// Another version, and the same.`,
  'crashes at its start': () => 'throw new Error("a fault of the test");',
} as const;

const apiCode = (): string => readFileSync(bundle().module('api'), 'utf8');

/** Publishes a version for each code, in this order, from 1 on, with the alias `live` on the first. */
export const deployVersions = async (lab: Lab, name: string, codes: readonly (() => string)[]): Promise<void> => {
  const client = new LambdaClient(sdkOf(lab));
  const environment = Object.values(ENV).map((variable) => [variable, lab.environment[variable] ?? ''] as const);
  try {
    for (const [index, code] of codes.entries()) {
      const ZipFile = zipOf('index.js', Buffer.from(code()));
      if (index === 0)
        await client.send(
          new CreateFunctionCommand({
            FunctionName: name,
            Runtime: 'nodejs24.x',
            Handler: 'index.handler',
            Role: 'arn:aws:iam::000000000000:role/test',
            Code: { ZipFile },
            Timeout: 20,
            MemorySize: 512,
            Environment: { Variables: Object.fromEntries(environment) },
          }),
        );
      else await client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile }));
      await settled(client, name);
      await client.send(new PublishVersionCommand({ FunctionName: name }));
    }
    await client.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1' }));
  } finally {
    client.destroy();
  }
};

const settled = async (client: LambdaClient, FunctionName: string): Promise<void> => {
  const deadlineMs = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName }));
    if (Configuration?.State !== 'Pending' && Configuration?.LastUpdateStatus !== 'InProgress') return;
    if (Date.now() > deadlineMs) throw new Error(`${FunctionName} is not there after ${WAIT_MS_MAX} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** ARN of a key as a cell's canary has it. */
export const makeCanaryKey = async (lab: Lab): Promise<string> => {
  const client = new KMSClient(sdkOf(lab));
  try {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }));
    return KeyMetadata?.Arn ?? '';
  } finally {
    client.destroy();
  }
};

/** As it is recorded. */
export const deploymentOf = async ({ control }: Lab, id: string): Promise<DeploymentView | undefined> =>
  foldDeployments(await control.query(deploymentsKey(HERE))).deployments.find((each) => each.id === id);

/** Who did what and why, as it is recorded. */
export const auditOf = async ({ control }: Lab) => foldAudit(await control.query(auditKey(HERE)));

/** The hook's execution, as CodeDeploy names it to the hooks of a deployment. */
export const executionOf = (deployment: string): string => `execution of ${deployment}`;

export interface Listening {
  readonly url: string;
  /** Hooks' answers: execution and status. */
  readonly told: (readonly [execution: string, status: string])[];
  /** Statuses that the hooks of a deployment answered, in their order. */
  toldOf(deployment: string): readonly string[];
  /** What GetDeployment says; undefined: it does not answer. */
  says: (info: object | undefined) => void;
  /** Refuses the next answer: it was given already. */
  readonly completed: Set<string>;
  stop(): Promise<void>;
}

/** CodeDeploy's protocol (AWS JSON 1.1), as far as it is used. */
export const listenAsCodeDeploy = async (): Promise<Listening> => {
  const told: (readonly [string, string])[] = [];
  const completed = new Set<string>();
  let info: object | undefined = {};
  const serve = (target: string, input: Record<string, unknown>): readonly [status: number, body: object] => {
    if (target.endsWith('GetDeployment'))
      return info === undefined ? [500, { __type: 'InternalFailure' }] : [200, { deploymentInfo: info }];
    const execution = String(input['lifecycleEventHookExecutionId']);
    if (completed.has(execution)) return [400, { __type: 'LifecycleEventAlreadyCompletedException', message: 'it is over' }];
    told.push([execution, String(input['status'])]);
    return [200, { lifecycleEventHookExecutionId: execution }];
  };
  const { url, stop } = await startHttpServer(
    withBody((request, response, asked) => {
      const [status, body] = serve(String(request.headers['x-amz-target']), JSON.parse(asked));
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    }),
  );
  return {
    url,
    told,
    toldOf: (deployment) => told.flatMap(([execution, status]) => (execution === executionOf(deployment) ? [status] : [])),
    completed,
    says: (given) => {
      info = given;
    },
    stop,
  };
};
