/** Event source mappings of streams: stored by the emulator, and run beside it. */
import { checkMapping } from '../streams/mapping.ts';
import { type Json, propertiesOf, typeOf } from './template.ts';

/**
 * Switched off in the copy, so that nobody hands records over twice. Undefined for what needs no change.
 * @throws {UnsupportedMappingError} for what is not interpreted
 */
export const idleMapping = (id: string, resource: Json): Json | undefined => {
  const properties = propertiesOf(resource);
  // Only streams have a place to begin at; whose stream it is, the template may leave to a reference.
  if (typeOf(resource) !== 'AWS::Lambda::EventSourceMapping' || properties['StartingPosition'] === undefined) return undefined;
  checkMapping(id, properties);
  return { ...resource, Properties: { ...properties, Enabled: false } };
};
