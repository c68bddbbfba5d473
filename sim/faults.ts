/** What each fault does to the world, and how it ends. */
import { switchItem } from '../functions/core/operations.ts';
import { CellStore } from './environment.ts';
import { Invocation } from './invocation.ts';
import type { Fault } from './schedule.ts';
import type { World } from './world.ts';

export const begin = (world: World, fault: Fault, seed: number): void => {
  world.note('fault', () => describeFault(fault));
  switch (fault.kind) {
    case 'partition':
      return partition(world, fault);
    case 'freeze':
      return freeze(world, fault);
    case 'loss':
      return lose(world, fault, seed);
    case 'outage': {
      const cell = world.cellOf(fault.region);
      cell.outage = { applies: fault.applies };
      return during(world, fault.forMs, () => {
        cell.outage = undefined;
      });
    }
    case 'flaky': {
      const cell = world.cellOf(fault.region);
      cell.flaky = true;
      return during(world, fault.forMs, () => {
        cell.flaky = false;
      });
    }
    case 'late': {
      const { housekeeping } = world.cellOf(fault.region);
      housekeeping.hold();
      return during(world, fault.forMs, () => housekeeping.release());
    }
    case 'evacuation':
      evacuate(world, fault, true, seed);
      return during(world, fault.forMs, () => evacuate(world, fault, false, seed));
    case 'crash':
    case 'skew':
      // Part of a call, and of the cells, from the beginning.
      return;
  }
};

const during = (world: World, forMs: number, end: () => void): void => {
  world.unrest();
  world.scheduler.agenda.after(
    forMs,
    () => {
      world.calm();
      end();
    },
    () => 'a fault ends',
  );
};

const partition = (world: World, { from, to, bothWays, forMs }: Extract<Fault, { kind: 'partition' }>): void => {
  const links = bothWays
    ? ([
        [from, to],
        [to, from],
      ] as const)
    : ([[from, to]] as const);
  for (const link of links) world.network.pause(...link);
  during(world, forMs, () => {
    world.note('fault', () => `replication from ${from} to ${to} goes on`);
    for (const link of links) world.network.resume(...link);
  });
};

const freeze = (world: World, { region, forMs }: Extract<Fault, { kind: 'freeze' }>): void => {
  const cell = world.cellOf(region);
  if (cell.state !== 'up' || cell.givenUp) return;
  cell.freeze();
  during(world, forMs, () => {
    world.note('fault', () => `${cell.name} thaws`);
    cell.thaw();
  });
};

const lose = (world: World, fault: Extract<Fault, { kind: 'loss' }>, seed: number): void => {
  if (world.operators.isRebuilding) return;
  const cell = world.operators.giveUp(fault.region);
  if (fault.zombieAfterMs === undefined) cell.lose();
  else {
    cell.freeze();
    during(world, fault.zombieAfterMs, () => {
      world.note('fault', () => `${cell.name} comes back, given up or not`);
      cell.thaw();
    });
  }
  world.scheduler.agenda.after(
    fault.rebuildAfterMs,
    () => world.operators.recover(fault, seed),
    () => `recovering ${fault.region}`,
  );
};

const evacuate = (world: World, { region, through }: Extract<Fault, { kind: 'evacuation' }>, evacuate: boolean, seed: number): void => {
  const cell = world.cellOf(through);
  if (cell.state !== 'up') return;
  const invocation = new Invocation({ name: 'operator', host: cell, scheduler: world.scheduler, seed, onCrash: () => {} });
  const item = switchItem({ region, by: through, evacuate, atMs: world.nowMs(), reason: 'simulated' });
  invocation.run(
    () => new CellStore(cell, 'control', () => invocation).transact([{ action: 'put', item }]),
    () => {},
  );
};

const describeFault = (fault: Fault): string => {
  switch (fault.kind) {
    case 'partition':
      return `replication ${fault.bothWays ? 'between' : 'from'} ${fault.from} ${fault.bothWays ? 'and' : 'to'} ${fault.to} pauses`;
    case 'freeze':
      return `${fault.region} freezes`;
    case 'loss':
      return fault.zombieAfterMs === undefined ? `${fault.region} is lost for good` : `${fault.region} freezes, and will be given up`;
    case 'outage':
      return `the database of ${fault.region} does not answer${fault.applies ? ', but does some of what it is told' : ''}`;
    case 'flaky':
      return `environments of the housekeeping of ${fault.region} are lost while they work`;
    case 'late':
      return `the housekeeping of ${fault.region} does nothing`;
    case 'evacuation':
      return `an operator evacuates ${fault.region} through ${fault.through}`;
    case 'crash':
      return `the environment of call ${fault.call}.${fault.attempt + 1} will be lost at its call ${fault.crash.step}${fault.crash.applied ? ', which is done' : ''}`;
    case 'skew':
      return `the clocks of ${fault.region} are ${Math.round(fault.skewMs)} ms ahead`;
  }
};
