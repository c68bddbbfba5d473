import { Stack } from 'aws-cdk-lib';
import { type DomainName, EndpointType, type RestApi, DomainName as RestDomainName, SecurityPolicy } from 'aws-cdk-lib/aws-apigateway';
import { Certificate, CertificateValidation } from 'aws-cdk-lib/aws-certificatemanager';
import { ARecord, HostedZone, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { dnsNames } from '../functions/contract/names.ts';
import type { Config } from './config.ts';

export interface DomainsProps {
  readonly domain: NonNullable<Config['domain']>;
  readonly api: RestApi;
}

/**
 * The region's front doors: its own name, and the shared name that every region serves. The records here lead to this
 * region only; which region the shared name leads to is decided by the records of the global stack, which know this one
 * by its origin name alone.
 *
 * API Gateway chooses by TLS server name and Host header, so the origin name needs no domain of its own: callers that
 * follow the CNAME still ask for the shared name.
 */
export class Domains extends Construct {
  constructor(scope: Construct, id: string, props: DomainsProps) {
    super(scope, id);
    const names = dnsNames(props.domain.name, Stack.of(this).region);
    const zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', props.domain);
    const certificate = new Certificate(this, 'Certificate', {
      domainName: names.regional,
      subjectAlternativeNames: [names.shared],
      validation: CertificateValidation.fromDns(zone),
    });
    const front = (domainId: string, domainName: string): DomainName =>
      new RestDomainName(this, domainId, {
        domainName,
        certificate,
        endpointType: EndpointType.REGIONAL,
        securityPolicy: SecurityPolicy.TLS_1_2,
        mapping: props.api,
      });
    this.record('RegionalRecord', zone, names.regional, front('Regional', names.regional));
    this.record('OriginRecord', zone, names.origin, front('Shared', names.shared));
  }

  /** Custom domains answer IPv4 only unless their address type is dualstack, so there is no AAAA. */
  private record(id: string, zone: IHostedZone, recordName: string, domain: DomainName): void {
    new ARecord(this, id, { zone, recordName, target: RecordTarget.fromAlias(new ApiGatewayDomain(domain)) });
  }
}
