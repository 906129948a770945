import type { Modality, TaskView } from '@atelier/protocol';
import type { Family, InputViews, Load, Place, RunPage, TaskViews, Use } from './family.ts';

/** All that the families bring, as pages ask for it. */
export interface Registry {
  readonly families: readonly Family[];
  readonly tasks: ReadonlyMap<string, TaskViews>;
}

/**
 * Puts the families together.
 * @throws Error if two bring the same task, place, page or key: one of them would never be seen
 */
export function registryOf(families: readonly Family[]): Registry {
  const taken = new Map<string, string>();
  const take = (what: string, family: string) => {
    const other = taken.get(what);
    if (other !== undefined) throw new Error(`The families ${other} and ${family} both bring ${what}.`);
    taken.set(what, family);
  };
  const tasks = new Map<string, TaskViews>();
  for (const family of families) {
    take(`the name ${family.name}`, family.name);
    for (const [task, views] of Object.entries(family.tasks ?? {})) {
      take(`views of ${task}`, family.name);
      tasks.set(task, views);
    }
    for (const { path } of family.pages ?? []) take(`the page ${path}`, family.name);
    if (family.place) take(`the key ${family.place.key}`, family.name);
  }
  return { families, tasks };
}

const nothing: TaskViews = {};

/** What a task brings; a task of no family brings nothing, and all of it is drawn from its declaration. */
export const viewsOf = ({ tasks }: Registry, task: string | undefined): TaskViews => tasks.get(task ?? '') ?? nothing;

/** The page on which a run is best seen: that of the first of its tasks which has one. @returns undefined if it is the page of all runs */
export function runPageOf(registry: Registry, tasks: Iterable<{ readonly task: string }>): RunPage | undefined {
  for (const { task } of tasks) {
    const page = viewsOf(registry, task).runPage;
    if (page) return page;
  }
  return undefined;
}

/** The editor of what a port of a task reads. */
export const inputViewsOf = ({ families }: Registry, task: TaskView, port: string): InputViews | undefined =>
  families.flatMap(({ inputs = [] }) => inputs).find(({ fits }) => fits(task, port));

export const placesOf = ({ families }: Registry): readonly Place[] => families.flatMap(({ place }) => place ?? []);

export const usesOf = ({ families }: Registry, modality: Modality): readonly Use[] =>
  families.flatMap(({ uses = [] }) => uses).filter((use) => use.modality === modality);

/** Every component that a family brings, for fetching them before they are needed. Pages and samples are not among them. */
export function loadsOf({ families }: Registry): ReadonlyArray<Load<never>> {
  return families.flatMap(({ tasks = {}, inputs = [] }) => [
    ...inputs.map(({ input }) => input),
    ...Object.values(tasks).flatMap(({ result, actions, parameters = {} }) =>
      [result, actions, ...Object.values(parameters)].filter((load) => load !== undefined),
    ),
  ]);
}
