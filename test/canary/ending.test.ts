import { describe, expect, it } from 'vitest';
import { endingOf, endStateOf } from '../../functions/canary/ending.ts';
import { bakedItem, bakingItem, type DeploymentView, foldDeployments, triedItem } from '../../functions/core/deployments.ts';
import type { Item } from '../../functions/core/store.ts';

const ABOUT = { region: 'a', writer: 'a', atMs: 1_000 };
const TRIED = triedItem(ABOUT, 'd-1', { verdict: 'pass', detail: '6 journeys ended well', candidate: '8' });
const BAKING = bakingItem(ABOUT, 'd-1', { untilMs: 2_000, execution: 'e-1', candidate: '8' });

describe('the end of a deployment', () => {
  it('is one of three states, and no other event is an end', () => {
    expect(['SUCCESS', 'FAILURE', 'STOP', 'START', 'READY', 'toString'].map(endStateOf)).toEqual([
      'succeeded',
      'failed',
      'stopped',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('says how it was tried and baked when it ended well', () => {
    const facts = factsOf(TRIED, BAKING, bakedItem(ABOUT, 'd-1', { verdict: 'pass', detail: 'no alarm fired' }));
    expect(endingOf('d-1', 'succeeded', { facts, info: { creator: 'CloudFormation' } })).toEqual({
      state: 'succeeded',
      reason: '6 journeys ended well; no alarm fired',
      who: 'CloudFormation',
      what: 'deployment d-1 of version 8 succeeded',
    });
  });

  it('says what the canary saw, and then what CodeDeploy says, when it failed', () => {
    const refused = factsOf(triedItem(ABOUT, 'd-1', { verdict: 'fail', detail: 'pay: answered 500', candidate: '8' }));
    const hook = { code: 'HOOK_EXECUTION_FAILURE', message: 'a hook failed' };
    expect(endingOf('d-1', 'failed', { facts: refused, info: { errorInformation: hook } })).toMatchObject({
      reason: 'before traffic (fail): pay: answered 500; HOOK_EXECUTION_FAILURE: a hook failed',
      who: 'codedeploy',
    });
    const baked = factsOf(TRIED, BAKING, bakedItem(ABOUT, 'd-1', { verdict: 'dependency', detail: 'both fail' }));
    expect(endingOf('d-1', 'failed', { facts: baked, info: undefined }).reason).toBe('while it was baked (dependency): both fail');
  });

  it('says which alarm stopped it, and that it was rolled back', () => {
    const info = {
      errorInformation: { code: 'ALARM_ACTIVE', message: 'errors-of-8 fires' },
      rollbackInfo: { rollbackMessage: 'd-2 takes it back' },
    };
    expect(endingOf('d-1', 'stopped', { facts: factsOf(TRIED), info }).reason).toBe('ALARM_ACTIVE: errors-of-8 fires; d-2 takes it back');
  });

  it('is known of a deployment that takes another back, and of one of which nobody says anything', () => {
    const info = { creator: 'codeDeployRollback', rollbackInfo: { rollbackTriggeringDeploymentId: 'd-1' } };
    expect(endingOf('d-2', 'succeeded', { facts: undefined, info })).toMatchObject({
      reason: 'took back d-1',
      what: 'deployment d-2 succeeded: it takes back d-1',
    });
    expect(endingOf('d-3', 'failed', { facts: undefined, info: undefined }).reason).toBe('CodeDeploy does not say why');
  });
});

const factsOf = (...items: readonly Item[]): DeploymentView | undefined => foldDeployments(items).deployments[0];
