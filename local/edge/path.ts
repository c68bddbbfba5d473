/** A path on its way to the emulator, which takes it apart after it has decoded it, and drops what is empty. */

/**
 * The path with its query, such that every segment stays one: a slash that was encoded within an id is no other route. Undefined
 * for an empty segment, which no resource of an API has; one final slash is not one.
 */
export const routed = (target: string): string | undefined => {
  const [path = '', ...query] = target.split('?');
  if (path.includes('//')) return undefined;
  return [path.replaceAll(/%2f/gi, (slash) => `%25${slash.slice(1)}`), ...query].join('?');
};
