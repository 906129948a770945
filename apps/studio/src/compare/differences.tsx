import type { GalleryItem, TaskView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.ts';
import { byName } from '../chain/draft.ts';
import { fieldsOf } from '../form/fields.ts';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { type Compared, compareRecipes } from './recipe-difference.ts';

/** In what two results were made differently; on request all of how they were made. */
export function Differences({ one, other }: { one: GalleryItem; other: GalleryItem }) {
  const first = useQuery(api.gallery.get.queryOptions({ input: { id: one.id } }));
  const second = useQuery(api.gallery.get.queryOptions({ input: { id: other.id } }));
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const [all, setAll] = useState(false);
  const error = first.error ?? second.error ?? tasks.error;
  if (error) return <Problem error={error} onRetry={() => void Promise.all([first.refetch(), second.refetch(), tasks.refetch()])} />;
  if (!first.data || !second.data || !tasks.data) return <Skeleton className="h-32" />;
  if (!first.data.recipe || !second.data.recipe) return <p className="text-sm text-muted">An upload has no recipe to compare.</p>;
  const rows = compareRecipes(first.data.recipe, second.data.recipe);
  const differing = rows.filter(({ differs }) => differs);
  return (
    <section aria-label="Parameters">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <p className="text-sm text-muted">{differing.length === 0 ? 'Both were made in the same way.' : words(differing.length)}</p>
        <Button look="quiet" size="small" aria-pressed={all} onClick={() => setAll(!all)}>
          {all ? 'Show only what differs' : 'Show all parameters'}
        </Button>
      </div>
      {(all || differing.length > 0) && <Table rows={all ? rows : differing} tasks={tasks.data} />}
    </section>
  );
}

const words = (count: number) => (count === 1 ? 'One thing differs.' : `${count} things differ.`);

function Table({ rows, tasks }: { rows: readonly Compared[]; tasks: readonly TaskView[] }) {
  const steps = new Set(rows.map(({ stepId }) => stepId).filter((stepId) => stepId !== null));
  return (
    <table className="w-full table-fixed text-left text-sm">
      <caption className="sr-only">Parameters of both</caption>
      <thead className="text-muted">
        <tr>
          <th scope="col" className="w-1/3 pb-1.5 font-normal">
            Parameter
          </th>
          <th scope="col" className="pb-1.5 font-normal">
            Left
          </th>
          <th scope="col" className="pb-1.5 font-normal">
            Right
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.stepId} ${row.port} ${row.name}`} className="border-t border-line align-top">
            <th scope="row" className={`py-1.5 pr-3 break-words ${row.differs ? 'font-medium' : 'font-normal text-muted'}`}>
              {titleOf(row, tasks, steps.size > 1)}
            </th>
            <Value value={row.one} differs={row.differs} />
            <Value value={row.other} differs={row.differs} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const Value = ({ value, differs }: { value: unknown; differs: boolean }) => (
  <td className={`number py-1.5 pr-3 [overflow-wrap:anywhere] ${differs ? '' : 'text-muted'}`}>{shown(value)}</td>
);

function shown(value: unknown): string {
  if (value === undefined || value === '') return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const stepNames: Readonly<Record<string, string>> = { model: 'Model', task: 'Step' };

/** "Seed" of a parameter, or "Prompt" of an input, as its form calls it; with its step where there are several. */
function titleOf({ task, name, port }: Compared, tasks: readonly TaskView[], withStep: boolean): string {
  const known = task === null ? undefined : byName(tasks, task);
  const field = port ? known?.inputs[name] : known && fieldsOf(known.parameters).find((one) => one.name === name);
  const title = (task !== null && !port && stepNames[name]) || field?.title || `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return withStep && known ? `${known.title}: ${title}` : title;
}
