/** `npm run bench`: what is measured, its goal, and whether it was met. Ends with 1 when a goal was missed. */
import { benchCold } from './cold.ts';
import { benchDns } from './dns.ts';
import { benchHot } from './hot.ts';
import type { Result } from './statistics.ts';
import { benchWarm } from './warm.ts';

const show = ({ name, measured, goal, passed }: Result): void => {
  process.stdout.write(`${passed ? 'pass' : 'FAIL'}  ${name}: ${measured}; goal ${goal}\n`);
};

const results: Result[] = [];
for (const bench of [benchWarm, benchDns, benchHot, benchCold]) {
  const found = await bench();
  found.forEach(show);
  results.push(...found);
}
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
