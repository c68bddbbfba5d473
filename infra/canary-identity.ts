import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type EnvName, TOKEN } from '../functions/contract/names.ts';
import { deliveryEnvironment } from './environment.ts';
import { TandemFunction } from './function.ts';
import type { Tables } from './tables.ts';

const TIMEOUT_SECONDS = 30;
/** The least that KMS allows. */
const KEY_PENDING_DAYS = 7;
/** What KMS calls the one algorithm of the contract's tokens. */
const SIGNING_ALGORITHMS = { ES256: 'ECDSA_SHA_256' } as const satisfies Record<typeof TOKEN.algorithm, string>;

export interface CanaryIdentityProps {
  readonly tables: Tables;
  readonly code: AssetCode;
  readonly environment: Readonly<Record<EnvName, string>>;
  readonly logRetentionDays: RetentionDays;
}

/**
 * Who the cell's canary is: a key of the cell whose private half never leaves KMS, and whose public half is registered in
 * the control table, so that every region knows it. It can be used for nothing but tokens of this canary's subjects.
 */
export class CanaryIdentity extends Construct {
  readonly keyArn: string;
  /** The key is registered once this exists. */
  readonly registration: CustomResource;

  constructor(scope: Construct, id: string, props: CanaryIdentityProps) {
    super(scope, id);
    const key = new Key(this, 'Key', {
      description: "Signs the tokens of this region's canary",
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      // Nothing was encrypted with it, and its tokens end within minutes: a cell that is made again registers another.
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(KEY_PENDING_DAYS),
    });
    this.keyArn = key.keyArn;
    const registrar = new TandemFunction(this, 'Registrar', {
      description: "Registers the public half of the canary's key",
      code: props.code,
      memoryMegabytes: 256,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: { ...props.environment, ...deliveryEnvironment<'canary-identity'>({ canaryKey: key.keyArn }) },
      logRetentionDays: props.logRetentionDays,
    });
    registrar.role.addToPolicy(new PolicyStatement({ actions: ['kms:GetPublicKey'], resources: [key.keyArn] }));
    props.tables.grantRegions(registrar.role);
    props.tables.grantCanaryKeys(registrar.role);
    this.registration = new CustomResource(this, 'Registration', {
      resourceType: 'Custom::CanaryIdentity',
      serviceToken: registrar.alias.functionArn,
      serviceTimeout: Duration.seconds(2 * TIMEOUT_SECONDS),
      // Another key is another registration.
      properties: { Key: key.keyArn },
    });
  }

  /** Signs tokens, and only as the contract has them. The key's policy leaves it to the account's permissions. */
  grantSign(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['kms:Sign'],
        resources: [this.keyArn],
        conditions: { StringEquals: { 'kms:SigningAlgorithm': SIGNING_ALGORITHMS[TOKEN.algorithm] } },
      }),
    );
  }
}
