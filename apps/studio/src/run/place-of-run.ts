import type { RunSummary } from '@atelier/protocol';

type Listed = Pick<RunSummary, 'id' | 'steps'>;

/** A run whose frames a player shows. */
export const isWalk = (run: Pick<Listed, 'steps'>) => run.steps.some((step) => step.task === 'latent-walk');

/** The page of a run: a walk has one of its own, with a player. */
export const placeOfRun = (run: Listed) => (isWalk(run) ? `/walks/${run.id}` : `/runs/${run.id}`);
