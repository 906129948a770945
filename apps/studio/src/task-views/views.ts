import type { Modality, TaskView } from '@atelier/protocol';
import type { Family } from './family.ts';
import { inputViewsOf, loadsOf, placesOf, registryOf, runPageOf, usesOf, viewsOf } from './registry.ts';

/** Filled once, before the first page is drawn. Until then every task is drawn from its declaration. */
let registry = registryOf([]);

/**
 * Makes the studio show what the families bring. app.tsx calls it once, before anything is drawn.
 * @throws Error if two of them bring the same
 */
export function bringViews(families: readonly Family[]): void {
  registry = registryOf(families);
}

export const families = (): readonly Family[] => registry.families;
export const viewsOfTask = (task: string | undefined) => viewsOf(registry, task);
export const viewsOfInput = (task: TaskView, port: string) => inputViewsOf(registry, task, port);
export const familyPlaces = () => placesOf(registry);
export const familyUses = (modality: Modality) => usesOf(registry, modality);
export const familyLoads = () => loadsOf(registry);

/** The page of its own that a run has by its tasks, if any. */
export const runPage = (run: { readonly steps: Iterable<{ readonly task: string }> }) => runPageOf(registry, run.steps);

/** Where a run is best seen: on the page that its family brings, or on that of all runs. */
export const placeOfRun = (run: { readonly id: string; readonly steps: Iterable<{ readonly task: string }> }): string =>
  runPage(run)?.path(run.id) ?? `/runs/${run.id}`;
