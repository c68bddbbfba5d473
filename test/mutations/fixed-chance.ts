/** Properties are tried with the same values each time: a mutation is caught, or it is not, and never by luck. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 20_261_130, numRuns: 300 });
