/** Links between regions, and what is known of each. */
import { mutationsOf, type TestedMutation } from '../mutation.ts';

const LINKS = 'test/local/replication-links.test.ts';
const link = mutationsOf('local/replication/link.ts', LINKS);
const links = mutationsOf('local/replication/links.ts', LINKS);
const copy = mutationsOf('local/replication/copy.ts', LINKS);
const replica = mutationsOf('local/replication/replica.ts', 'test/local/replication-replica.test.ts');
const version = mutationsOf('local/replication/version.ts', 'test/local/replication-replica.test.ts');

export const REPLICATION: readonly TestedMutation[] = [
  link(
    'link-in-flight-comes-back',
    'what is in flight when a link is cut comes back',
    '    if (generation !== this.#generation) return;\n',
    '',
    'got no answer',
  ),
  link(
    'link-cut-applies-the-rest',
    'the rest of a batch is applied after the link was cut',
    'const current = generation === this.#generation && !this.#paused;',
    'const current = !this.#paused;',
    'the rest of their batch',
  ),
  link(
    'link-cut-keeps-what-waits',
    'what waits is not dropped at a cut',
    '    this.#generation += 1;\n    this.#changes = [];\n',
    '    this.#generation += 1;\n',
    'waits nowhere',
  ),
  link('link-cut-takes-changes', 'a link that is cut takes changes', '    if (this.#cut) return;\n', '', 'waits nowhere'),
  link(
    'link-cut-goes-on-copying',
    'a copy goes on after the link was cut',
    '    this.#generation += 1;\n    this.#changes = [];\n    this.#copies = [];\n',
    '    this.#changes = [];\n    this.#copies = [];\n',
    'ends a copy|got no answer',
  ),
  link(
    'link-pause-applies-the-rest',
    'the rest of a batch is applied after the link was paused',
    'generation === this.#generation && !this.#paused;',
    'generation === this.#generation;',
    'holds the rest',
  ),
  link(
    'link-pause-loses',
    'what was not applied before a pause is lost',
    '    this.#changes.unshift(...changes.filter((change) => later.has(change)));\n',
    '',
    'holds the rest',
  ),
  link(
    'link-older-wins',
    'of several changes of a key that wait the oldest is applied',
    'compareVersions(change.version, other.version) >= 0',
    'compareVersions(change.version, other.version) < 0',
    'keeps the order',
  ),
  link(
    'link-no-delay',
    'changes are not held back',
    'version.atMs + this.#delayMs > nowMs',
    'version.atMs > nowMs',
    'until it is that old',
  ),
  link(
    'link-does-not-copy',
    'a link that is restored copies nothing',
    '    this.#cut = false;\n    this.copySoon();\n',
    '    this.#cut = false;\n',
    'deletions too',
  ),
  link(
    'link-copy-is-not-applied',
    'a copy counts as ended before it is applied',
    'isWanted() && this.#copies.length + this.#inFlight > 0',
    'isWanted() && this.#copies.length < 0',
    'once its copy has been applied',
  ),
  links(
    'links-restore-the-cut',
    'restoring one region reconnects another that is cut',
    '.filter((link) => !this.#isolated.has(link.from) && !this.#isolated.has(link.to))',
    '',
    'restoring one leaves',
  ),
  links(
    'links-restore-by-sender',
    'restoring one region opens links to another that is cut',
    '!this.#isolated.has(link.from) && !this.#isolated.has(link.to)',
    '!this.#isolated.has(link.from)',
    'restoring one leaves',
  ),
  links(
    'links-cut-one-way',
    'a region that is cut off still gets what others write',
    'link.from === region || link.to === region',
    'link.from === region',
    'restoring one leaves',
  ),
  links(
    'links-lost-is-not-cut',
    'a region that lost its tables is reconnected by the restoring of another',
    '      this.#isolated.add(region);\n      void',
    '      void',
    'came back with other tables',
  ),
  links('links-stay-isolated', 'a region that was restored stays cut', '    this.#isolated.delete(region);\n', '', 'restoring one leaves'),
  links(
    'links-trimmed-is-forgotten',
    'records that a stream lost are not made good by a copy',
    'link.from === region && !link.state.cut) link.copySoon();',
    'link.from === region && link.state.cut) link.copySoon();',
    'lost records',
  ),
  links(
    'links-any-delay',
    'a delay out of bounds is taken',
    'delayMs < 0 || delayMs > DELAY_MS_MAX',
    'delayMs > 2 * DELAY_MS_MAX',
    'is refused',
  ),
  links(
    'links-told-for-each',
    'a region that does not answer is told of for links out of it',
    'if (link.to !== region) continue;',
    '',
    'told of once',
  ),
  copy(
    'copy-forgets-deletions',
    'a copy brings no deletions',
    'for (const version of tail.tombstones()) yield { table, version };',
    '',
    'deletions too',
  ),
  copy('copy-one-page', 'a copy ends after the first page', '} while (last);', '} while (last === null);', 'deletions too'),
  replica(
    'replica-older-is-sent',
    'an older version overwrites a newer one',
    'entry.best && compareVersions(version, entry.best) < 0',
    'entry.best && compareVersions(version, entry.best) > 0',
  ),
  replica('replica-tombstones-go-early', 'a deletion is forgotten at its very age', 'best.atMs < beforeMs', 'best.atMs <= beforeMs'),
  replica(
    'replica-never-expires',
    'a write that never came is waited for without end',
    "if (state.kind === 'open' && state.sinceMs < beforeMs)",
    "if (state.kind === 'open' && state.sinceMs > beforeMs)",
  ),
  replica(
    'replica-no-repair',
    'a newer write that an older one overwrote is not repaired',
    'versions.push(entry.best);',
    'versions.push();',
  ),
  replica('replica-believes-a-refusal', 'an earlier refusal counts more than the stream', 'if (entry.revision !== revision) return;', ''),
  version(
    'version-tie-by-first',
    'each region lets its own write win a tie',
    'return a.region < b.region ? -1 : 1;',
    'return a.region < b.region ? 1 : -1;',
  ),
  version(
    'version-tie-by-text',
    'of one millisecond the ninth write is later than the tenth',
    'if (a.sequence.length !== b.sequence.length) return',
    'if (a.sequence.length === -1) return',
  ),
  version('version-time-runs-back', 'times run backwards within a stream', 'return Math.max(timeMs, previousMs);', 'return timeMs;'),
  version('version-any-number-is-time', 'a number that disagrees with the second counts as the time', 'DISAGREEMENT_MS_MAX\n', '1e15\n'),
  version('version-sets-have-order', 'sets of another order are other contents', 'isSet ? parts.sort() : parts', 'parts'),
];
