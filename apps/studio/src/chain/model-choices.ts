import type { ModelView } from '@atelier/protocol';

/**
 * Models that serve a task, as choices: those that are ready somewhere first, each with the machines that have it.
 * @param chosen stays a choice, though this studio may not know it
 */
export function modelChoices(models: readonly ModelView[], task: string, chosen: string | undefined): Array<{ value: string; label: string }> {
  const fitting = models
    .filter((model) => model.manifest.tasks.includes(task))
    .map((model) => ({ id: model.manifest.id as string, name: model.manifest.title, ready: readyOn(model) }))
    .sort((a, b) => Number(b.ready.length > 0) - Number(a.ready.length > 0) || a.name.localeCompare(b.name));
  const unknown = chosen === undefined || fitting.some((model) => model.id === chosen) ? [] : [{ value: chosen, label: `${chosen} · not in this studio` }];
  return [...fitting.map(({ id, name, ready }) => ({ value: id, label: `${name} · ${whereWords(ready)}` })), ...unknown];
}

const readyOn = ({ edges }: ModelView) => edges.filter((edge) => edge.state === 'ready').map((edge) => edge.edgeName);

function whereWords(names: readonly string[]): string {
  if (names.length === 0) return 'on no machine yet';
  return names.length <= 2 ? `on ${names.join(' and ')}` : `on ${names.length} machines`;
}
