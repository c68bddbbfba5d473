import { CustomResource, Duration } from 'aws-cdk-lib';
import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvName } from '../functions/contract/names.ts';
import type { CanaryIdentity } from './canary-identity.ts';
import { deliveryEnvironment } from './environment.ts';
import { TandemFunction } from './function.ts';

/** One version's journeys, each call of which may take what the API function may take. */
const TIMEOUT_SECONDS = 150;

export interface FirstJourneyProps {
  readonly api: TandemFunction;
  readonly identity: CanaryIdentity;
  readonly code: AssetCode;
  readonly environment: Readonly<Record<EnvName, string>>;
  readonly logRetentionDays: RetentionDays;
}

/**
 * Tries the version that a cell is created with: CodeDeploy only shifts an alias that exists, so no hook does. A cell
 * whose first version fails the journey fails to be created. It has no properties, so that it is asked this once.
 */
export class FirstJourney extends Construct {
  constructor(scope: Construct, id: string, props: FirstJourneyProps) {
    super(scope, id);
    const { api, identity } = props;
    const traveller = new TandemFunction(this, 'Traveller', {
      description: 'Tries the first version of the API before the region serves',
      code: props.code,
      memoryMegabytes: 512,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {
        ...props.environment,
        ...deliveryEnvironment<'first-journey'>({
          canaryKey: identity.keyArn,
          apiFunction: api.function.functionName,
          candidate: api.version.version,
        }),
      },
      logRetentionDays: props.logRetentionDays,
    });
    identity.grantSign(traveller.role);
    api.grantInvokeQualified(traveller.role);
    const journey = new CustomResource(this, 'Journey', {
      resourceType: 'Custom::FirstJourney',
      serviceToken: traveller.alias.functionArn,
      serviceTimeout: Duration.seconds(2 * TIMEOUT_SECONDS),
    });
    journey.node.addDependency(api.alias, identity.registration);
  }
}
