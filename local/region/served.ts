/** Gathers the front door's answers, so that the supervisor hears of them once a second and not one by one. */
import type { Report, Served } from './protocol.ts';

const EVERY_MS = 1_000;
/** Far more than are answered in a second; reached only while the supervisor does not read, and then the rest is not counted. */
const ANSWERS_MAX = 100_000;

/**
 * @param tell resolves when the report is on its way; until then the next one waits
 * @returns what takes an answer
 */
export const gatherServed = (tell: (report: Report) => Promise<void>): ((answer: Served) => void) => {
  const answers: Served[] = [];
  let telling = false;
  setInterval(() => {
    if (telling || answers.length === 0) return;
    telling = true;
    void tell({ kind: 'served', atMs: Date.now(), answers: answers.splice(0) }).then(() => {
      telling = false;
    });
  }, EVERY_MS).unref();
  return (answer) => {
    if (answers.length < ANSWERS_MAX) answers.push(answer);
  };
};
