import type { TaskView } from '@atelier/protocol';
import { FileStack } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { Menu, MenuItem, MenuLabel } from '../ui/menu.tsx';
import { formatAgo } from '../units/time.ts';
import type { Composition } from './composer-state.ts';
import { byName } from './draft.ts';
import { openDraft, useOtherDrafts } from './keep-draft.ts';

/** Drafts that other tabs have or left behind: opening one makes a copy here, and the other stays as it is. */
export function OtherDrafts({ tasks }: { tasks: readonly TaskView[] }) {
  const { drafts } = useOtherDrafts();
  if (drafts.length === 0) return null;
  const trigger = (
    <Button look="quiet" size="small" icon={FileStack}>
      Other drafts
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      <div className="w-72">
        <MenuLabel>Drafts of other tabs</MenuLabel>
        {drafts.map((kept) => (
          <MenuItem
            key={kept.id}
            icon={FileStack}
            hint={`${kept.open ? 'Open in another tab, ' : ''}${formatAgo(new Date(kept.savedAt).toISOString(), new Date())}`}
            onSelect={() => openDraft(kept)}
          >
            {titleOf(kept.value, tasks)}
          </MenuItem>
        ))}
      </div>
    </Menu>
  );
}

function titleOf({ draft, given }: Pick<Composition, 'draft' | 'given'>, tasks: readonly TaskView[]): string {
  const text = Object.values(given).find((one) => one.kind === 'text' && one.text.trim() !== '');
  const steps = draft.name ?? draft.steps.map((step) => byName(tasks, step.task)?.title ?? step.task).join(' → ');
  return text?.kind === 'text' ? `${steps}: ${text.text.trim().slice(0, 60)}` : steps;
}
