import { describe, expect, it } from 'vitest';
import { CdkError } from '../../local/deployment/cdk.ts';

const LOG = [
  'Error: ENOSPC: no space left on device, write',
  '    at Object.writeSync (node:fs:977:3)',
  '    at async node:internal/modules/esm/loader:647:26',
  'Subprocess exited with error 1 at the end',
].join('\n');

describe('a run of the CDK that failed', () => {
  it('tells its last lines and where the rest is, without the frames of a stack', () => {
    expect(new CdkError(['synth', '--quiet'], 'ended with exit code 1', LOG, '/state/synth.log').message).toBe(
      [
        '"cdk synth --quiet" ended with exit code 1; all of its output is in /state/synth.log. Its last lines:',
        '  Error: ENOSPC: no space left on device, write',
        '  Subprocess exited with error 1 at the end',
      ].join('\n'),
    );
  });
});
