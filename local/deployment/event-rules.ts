/** Rules on events of AWS services. Nobody but the services may put such events, in the emulator as on AWS. */
import { isJson, type Json, mapObject, propertiesOf, typeOf } from './template.ts';

/** What stands in for a service puts its events under the service's source with this before it. */
export const LOCAL_SOURCE = 'local.';

const AWS_SOURCE = /^aws\./;

/** Undefined for what needs no change. */
export const localRule = (resource: Json): Json | undefined => {
  const properties = propertiesOf(resource);
  const pattern = properties['EventPattern'];
  if (typeOf(resource) !== 'AWS::Events::Rule' || !isJson(pattern) || !Array.isArray(pattern['source'])) return undefined;
  const given: readonly unknown[] = pattern['source'];
  const source = given.map(localSource);
  if (source.every((each, index) => each === given[index])) return undefined;
  return { ...resource, Properties: { ...properties, EventPattern: { ...pattern, source } } };
};

/** A text, or a condition such as `{"prefix": "aws."}`. */
const localSource = (value: unknown): unknown => {
  if (typeof value === 'string') return AWS_SOURCE.test(value) ? `${LOCAL_SOURCE}${value}` : value;
  return isJson(value) && Object.values(value).some((each) => localSource(each) !== each) ? mapObject(value, localSource) : value;
};
