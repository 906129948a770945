import type { TaskView } from '@atelier/protocol';
import { GitBranchPlus } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { Menu, MenuItem, MenuLabel } from '../ui/menu.tsx';
import { modalityIcons } from '../ui/modality.tsx';
import { compose, useComposition } from './composer-state.ts';
import { makes } from './draft.ts';
import { fit } from './fit.ts';
import { branchWire } from './wiring.ts';

/** Adds another step that reads this one, beside those that do already. */
export function BranchMenu({ id, title, tasks }: { id: string; title: string; tasks: readonly TaskView[] }) {
  const { draft } = useComposition();
  const able = tasks.filter((task) => branchWire(draft, tasks, id, task.name) && fit(draft, task, tasks).fits);
  if (able.length === 0) return null;
  const trigger = (
    <Button look="quiet" size="small" icon={GitBranchPlus} aria-label={`Add another step from here: ${title}`}>
      Add another step from here
    </Button>
  );
  return (
    <Menu align="start" trigger={trigger}>
      <div className="w-72">
        <MenuLabel>{`Reads ${title}`}</MenuLabel>
        {able.map((task) => (
          <MenuItem key={task.name} icon={modalityIcons[makes(task)]} hint={task.summary} onSelect={() => compose.branch(tasks, id, task.name)}>
            {task.title}
          </MenuItem>
        ))}
      </div>
    </Menu>
  );
}
