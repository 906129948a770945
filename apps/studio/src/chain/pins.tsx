import { useQuery } from '@tanstack/react-query';
import { Pin, X } from 'lucide-react';
import { api } from '../api/client.ts';
import { IconButton } from '../ui/button.tsx';
import { compose } from './composer-state.ts';
import type { DraftStep } from './draft.ts';

/** What a chain that was pasted or restored fixes of a step, in a few words; empty if the planner is free. */
export const pinWords = ({ model, edge }: Pick<DraftStep, 'model' | 'edge'>): string =>
  [model === undefined ? '' : `only ${model}`, edge === undefined ? '' : `only on ${edge}`].filter(Boolean).join(', ');

/** The machine that a step is fixed to, which can be let go. Its model is chosen beside it. */
export function Pins({ step, title }: { step: DraftStep; title: string }) {
  const edges = useQuery(api.edges.list.queryOptions({ enabled: step.edge !== undefined }));
  const machine = edges.data?.find((edge) => edge.id === step.edge || edge.name === step.edge)?.name ?? step.edge;
  if (machine === undefined) return null;
  return (
    <ul aria-label={`What ${title} is fixed to`} className="mb-4 flex flex-wrap gap-2">
      <Fixed what="Machine" name={machine} onFree={() => compose.freeMachine(step.id)} />
    </ul>
  );
}

function Fixed({ what, name, onFree }: { what: string; name: string; onFree: () => void }) {
  return (
    <li className="flex items-center gap-2 rounded-lg border border-line bg-raised py-0.5 pr-0.5 pl-3 text-sm">
      <Pin aria-hidden className="size-3.5 text-muted" />
      <span>
        {what}: <span className="font-medium">{name}</span>
      </span>
      <IconButton icon={X} size="small" label={`Let the planner choose the ${what.toLowerCase()}`} onClick={onFree} />
    </li>
  );
}
