/** Domain names as the stand-in keeps them: lower case, without the final dot; the root is the empty text. */

/** @returns undefined for what is no domain name here: wildcards, escapes, labels over 63 and names over 253 characters */
export const canonicalName = (given: string): string | undefined => {
  const name = given.toLowerCase().replace(/\.$/, '');
  return name.length <= 253 && /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/.test(name)
    ? name
    : undefined;
};

/** Whether a name is the zone's apex or below it. Both canonical. */
export const isInZone = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);

/** The names between a name and the zone's apex, the apex included: they exist, though they may hold nothing (RFC 4592, 2.2.2). */
export const ancestors = (name: string, zone: string): readonly string[] => {
  const labels = name.split('.');
  return labels
    .slice(1)
    .map((_, index) => labels.slice(index + 1).join('.'))
    .filter((each) => isInZone(each, zone));
};
