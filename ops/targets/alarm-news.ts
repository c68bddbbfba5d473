/** Which turns of alarms are news: that one fires, and that it has ended; not that one has its first data. Pure. */
import type { TargetEvent } from './target.ts';

type AlarmEvent = Extract<TargetEvent, { readonly kind: 'alarm' }>;

/** Tells of each event in turn, oldest first, whether it is news. */
export const alarmNews = (): ((event: AlarmEvent) => boolean) => {
  const firing = new Set<string>();
  return ({ region, alarm, state }) => {
    const key = `${region} ${alarm}`;
    const ends = firing.delete(key);
    if (state === 'ALARM') firing.add(key);
    return state === 'ALARM' || ends;
  };
};
