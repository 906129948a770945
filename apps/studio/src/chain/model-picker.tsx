import type { ModelView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { api } from '../api/client.ts';
import { Select } from '../ui/select.tsx';
import { compose } from './composer-state.ts';
import type { DraftStep } from './draft.ts';
import { modelChoices } from './model-choices.ts';

/** The model of a step: the planner's choice unless somebody makes one. */
export function ModelPicker({ step, title }: { step: DraftStep; title: string }) {
  const id = useId();
  const models = useQuery(api.models.queryOptions({ staleTime: 10_000 }));
  const choices = modelChoices(models.data ?? ([] as ModelView[]), step.task, step.model);
  // Radix keeps the empty value for "nothing is chosen".
  const options = [{ value: 'automatic', label: 'Automatic' }, ...choices];
  return (
    <div className="min-w-0 grow">
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        Model
      </label>
      <Select
        id={id}
        label={`Model of ${title}`}
        value={step.model ?? 'automatic'}
        onChange={(value) => compose.choose(step.id, value === 'automatic' ? undefined : value)}
        options={options}
        className="w-full"
      />
    </div>
  );
}
