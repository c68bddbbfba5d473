/** From requests and events to numbers and verdicts. */
import { mutationsOf } from '../mutation.ts';

const one = mutationsOf('ops/drill/measure.ts', 'test/ops/drill/measure.test.ts');

export const MEASURING = [
  one('objective-must-be-undercut', 'an objective that is just met counts as missed', 'value <= max', 'value < max'),
];
