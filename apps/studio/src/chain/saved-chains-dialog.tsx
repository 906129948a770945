import type { SavedChainSummary, TaskView } from '@atelier/protocol';
import { SavedChainName } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Pencil, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { openWindow, useWindow } from '../frame/windows.ts';
import { Ago, Problem, Skeleton } from '../ui/blocks.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/fields.tsx';
import { complain } from '../ui/toast.tsx';
import { byName } from './draft.ts';
import { deleteSaved, openSaved, renameSaved, useSavedChains } from './use-saved-chains.ts';
import { toComposer } from './uses.ts';

/** The chains that a person keeps: opened, renamed and deleted. */
export function SavedChainsDialog() {
  const open = useWindow((state) => state.open === 'chains');
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => openWindow(next ? 'chains' : null)}
      title="Saved chains"
      description="Only you see them. Opening one makes a copy in the composer."
    >
      {open && <SavedList />}
    </Dialog>
  );
}

function SavedList() {
  const saved = useSavedChains();
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  if (saved.isError) return <Problem error={saved.error} onRetry={() => void saved.refetch()} />;
  if (saved.isPending || tasks.isPending) return <Skeleton className="h-24" />;
  if (saved.data.length === 0) return <p className="text-sm text-muted">Nothing is saved yet. Build a chain, then press Save above it.</p>;
  return (
    <ul aria-label="Saved chains" className="divide-y divide-line">
      {saved.data.map((one) => (
        <SavedRow key={one.id} saved={one} tasks={tasks.data ?? []} />
      ))}
    </ul>
  );
}

function SavedRow({ saved, tasks }: { saved: SavedChainSummary; tasks: readonly TaskView[] }) {
  const navigate = useNavigate();
  const [renaming, setRenaming] = useState(false);
  const open = useMutation({
    mutationFn: () => openSaved(saved, tasks),
    onSuccess: () => {
      openWindow(null);
      navigate('/', toComposer);
    },
    onError: complain,
  });
  const remove = useMutation({ mutationFn: () => deleteSaved(saved), onError: complain });
  if (renaming) return <RenameRow saved={saved} onClose={() => setRenaming(false)} />;
  return (
    <li className="flex items-center gap-2 py-2.5">
      <div className="min-w-0 grow">
        <p className="truncate text-sm font-medium">{saved.name}</p>
        <p className="truncate text-xs text-muted">
          {saved.tasks.map((task) => byName(tasks, task)?.title ?? task).join(' → ')} · <Ago time={saved.changedAt} />
        </p>
      </div>
      <Button size="small" aria-label={`Open ${saved.name}`} busy={open.isPending} onClick={() => open.mutate()}>
        Open
      </Button>
      <IconButton icon={Pencil} size="small" label={`Rename ${saved.name}`} onClick={() => setRenaming(true)} />
      <IconButton icon={Trash2} size="small" label={`Delete ${saved.name}`} busy={remove.isPending} onClick={() => remove.mutate()} />
    </li>
  );
}

function RenameRow({ saved, onClose }: { saved: SavedChainSummary; onClose: () => void }) {
  const [name, setName] = useState(saved.name);
  const parsed = SavedChainName.safeParse(name);
  const rename = useMutation({ mutationFn: (next: string) => renameSaved(saved, next), onSuccess: onClose });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!parsed.success || rename.isPending) return;
    if (parsed.data === saved.name) onClose();
    else rename.mutate(parsed.data);
  };
  return (
    <li className="py-2.5">
      <form onSubmit={submit} className="flex items-end gap-2">
        <TextField
          label={`New name of ${saved.name}`}
          value={name}
          maxLength={100}
          autoFocus
          onChange={(event) => setName(event.target.value)}
          className="grow"
        />
        <Button onClick={onClose} className="h-10">
          Cancel
        </Button>
        <Button type="submit" look="primary" busy={rename.isPending} disabled={!parsed.success} className="h-10">
          Rename
        </Button>
      </form>
      {rename.isError && <Problem error={rename.error} className="mt-2" />}
    </li>
  );
}
