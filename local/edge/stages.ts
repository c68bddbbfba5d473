/** The two stages of a region's API, and which of them a call gets: what a weighted alias decides on AWS. */

/** One that calls go to, and what is known of the version behind it. */
export interface Stage {
  readonly path: string;
  /** Number of the Lambda version. Null until somebody says: a shift, or an answer of the function itself. */
  version: string | null;
}

export interface StagesProps {
  /**
   * Path of the stage on the alias `live`, at the emulator's endpoint. Not the custom domain in the Host header: the
   * emulator answers some paths itself whatever the Host, `/health` among them, and one endpoint may serve several
   * regions with one shared name.
   */
  readonly stagePath: string;
  /** Of its twin on the alias `candidate`. */
  readonly candidateStagePath: string;
  /** From 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

export class Stages {
  readonly #random: () => number;
  #share = 0;
  #live: Stage;
  #candidate: Stage;

  constructor({ stagePath, candidateStagePath, random }: StagesProps) {
    this.#random = random ?? Math.random;
    this.#live = { path: stagePath, version: null };
    this.#candidate = { path: candidateStagePath, version: null };
  }

  /**
   * Holds for every call that is sent from now on. New stages take the place of the old ones, so that an answer still on
   * its way says nothing about the versions that stand behind them now.
   *
   * @param share of the calls that the candidate gets, 0 to 1
   */
  shift(share: number, live: string, candidate: string): void {
    this.#share = share;
    this.#live = { path: this.#live.path, version: live };
    this.#candidate = { path: this.#candidate.path, version: candidate };
  }

  /** Each call for itself: Lambda has no memory of a caller. https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html */
  choose(): Stage {
    return this.#random() < this.#share ? this.#candidate : this.#live;
  }
}
