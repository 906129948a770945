import type { QueuedRun, RunId } from '@atelier/protocol';

/** Where one run can be put: before a run, or at the end (null). What is missing cannot be done. */
export interface Moves {
  readonly front?: RunId;
  readonly up?: RunId;
  readonly down?: RunId | null;
}

/**
 * The places that a waiting run can take: those of its own person's runs with the same priority, which is all that is
 * allowed. What is computed already stays where it is.
 */
export function movesOf(runs: readonly QueuedRun[], run: QueuedRun): Moves {
  if (run.state === 'running') return {};
  const line = runs.filter((other) => other.state !== 'running' && other.personId === run.personId && other.priority === run.priority);
  const at = line.findIndex((other) => other.id === run.id);
  const before = line[at - 1];
  const first = line[0];
  return {
    ...(before && first ? { front: first.id, up: before.id } : {}),
    ...(at >= 0 && at < line.length - 1 ? { down: line[at + 2]?.id ?? null } : {}),
  };
}
