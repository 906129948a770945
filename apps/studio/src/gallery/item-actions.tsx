import type { GalleryDetail, GalleryItem, TaskView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { ChevronDown, Columns2, Download, History, RotateCcw, Star, Trash2, WandSparkles } from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { ask } from '../api/ask.ts';
import { client } from '../api/client.ts';
import { type Composition, compose } from '../chain/composer-state.ts';
import { makes } from '../chain/draft.ts';
import { stepReports } from '../chain/recipe-report.ts';
import { findRecipeFiles, restoreRecipe } from '../chain/restore-recipe.ts';
import { tasksThatBeginWith, toComposer } from '../chain/uses.ts';
import { CompareWithDialog } from '../compare/compare-dialog.tsx';
import { familyUses } from '../task-views/index.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Menu, MenuItem, MenuLabel } from '../ui/menu.tsx';
import { modalityIcons, modalityWords } from '../ui/modality.tsx';
import { complain } from '../ui/toast.tsx';
import { ownAddresses } from './tile.tsx';
import { gallery } from './use-gallery.ts';

interface ItemActionsProps {
  detail: GalleryDetail;
  tasks: readonly TaskView[];
  onRemoved: () => void;
}

/** What can be done with a thing. */
export function ItemActions({ detail, tasks, onRemoved }: ItemActionsProps) {
  const { item } = detail;
  if (item.deletedAt !== null) {
    return (
      <div className="flex flex-wrap items-center gap-3">
        <p className="text-sm text-muted">Deleted.</p>
        <RestoreButton item={item} look="primary" />
      </div>
    );
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      {detail.recipe && <UseAgain detail={detail} tasks={tasks} />}
      <UseAs item={item} tasks={tasks} />
      <Button asChild>
        <a href={`${ownAddresses.content(item.id)}?download=1`} download>
          <Download aria-hidden className="size-4" />
          Download
        </a>
      </Button>
      <CompareButton item={item} label="Compare" />
      <StarButton item={item} label={item.starred ? 'Remove star (S)' : 'Star (S)'} />
      <DeleteButton item={item} label="Delete (Del)" onRemoved={onRemoved} />
    </div>
  );
}

interface ItemButtonProps {
  item: GalleryItem;
  label: string;
  size?: 'small' | 'medium';
}

export function StarButton({ item, label, size }: ItemButtonProps) {
  return (
    <IconButton
      icon={Star}
      label={label}
      size={size}
      aria-pressed={item.starred}
      onClick={() => void gallery.star([item], !item.starred).catch(complain)}
      className={item.starred ? 'text-warn! [&>svg]:fill-current' : ''}
    />
  );
}

export function DeleteButton({ item, label, size, onRemoved }: ItemButtonProps & { onRemoved?: () => void }) {
  const remove = useMutation({ mutationFn: () => gallery.remove([item]), onSuccess: onRemoved, onError: complain });
  return <IconButton icon={Trash2} label={label} size={size} busy={remove.isPending} onClick={() => remove.mutate()} />;
}

/** Beside another, which is chosen then. */
export function CompareButton({ item, label, size }: ItemButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton icon={Columns2} label={label} size={size} onClick={() => setOpen(true)} />
      {open && <CompareWithDialog item={item} onClose={() => setOpen(false)} />}
    </>
  );
}

/** What stands where a deleted thing was. */
export function RestoreButton({ item, name = '', look, size }: { item: GalleryItem; name?: string; look?: 'primary' | 'plain'; size?: 'small' | 'medium' }) {
  const restore = useMutation({ mutationFn: () => gallery.restore([item]), onError: complain });
  return (
    <Button
      look={look}
      size={size}
      icon={RotateCcw}
      busy={restore.isPending}
      onClick={() => restore.mutate()}
      aria-label={name ? `Restore ${name}` : undefined}
    >
      Restore
    </Button>
  );
}

/** Lays the recipe into the composer, with its inputs. */
function UseAgain({ detail: { recipe }, tasks }: { detail: GalleryDetail; tasks: readonly TaskView[] }) {
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: async () => {
      if (!recipe) return;
      const [files, edges] = await Promise.all([findRecipeFiles(recipe), client.edges.list()]);
      const missing = files.missing.map((file) => file.name).join(', ');
      const words = missing ? `Chain restored. Choose the ${missing} again: it no longer exists.` : 'Chain restored, with its seeds.';
      restoreRecipe(recipe, tasks, files, stepReports(recipe, tasks, edges), words);
      navigate('/', toComposer);
    },
    onError: complain,
  });
  return (
    <Button look="primary" icon={History} busy={again.isPending} onClick={() => again.mutate()}>
      Use again
    </Button>
  );
}

interface UseAsProps {
  item: GalleryItem;
  tasks: readonly TaskView[];
  /** What is used, if there are several of these on the page. */
  name?: string;
  small?: boolean;
}

/** Begins another chain with this thing. */
export function UseAs({ item, tasks, name, small = false }: UseAsProps) {
  const navigate = useNavigate();
  const fitting = tasksThatBeginWith(tasks, item.modality);
  if (fitting.length === 0) return null;
  const word = modalityWords[item.modality].toLowerCase();
  const begin = (task: TaskView) => {
    startWith(task, item).then(() => void navigate('/', toComposer), complain);
  };
  const trigger = (
    <Button icon={WandSparkles} {...(small && { look: 'quiet', size: 'small' })} aria-label={name && `Use as ${word} for: ${name}`}>
      Use as {word} for
      <ChevronDown aria-hidden className="-mr-1 size-4 opacity-70" />
    </Button>
  );
  return (
    <Menu trigger={trigger} align="start">
      <div className="w-72">
        <MenuLabel>Start a chain with this {word}</MenuLabel>
        {fitting.map((task) => (
          <MenuItem key={task.name} icon={modalityIcons[makes(task)]} hint={task.summary} onSelect={() => begin(task)}>
            {task.title}
          </MenuItem>
        ))}
        {familyUses(item.modality).map(({ title, hint, icon, path }) => (
          <MenuItem key={title} icon={icon} hint={hint} onSelect={() => navigate(path(item.id))}>
            {title}
          </MenuItem>
        ))}
      </div>
    </Menu>
  );
}

/** What was written for a picture is the best first guess of what its changed form shows. */
async function startWith(task: TaskView, item: GalleryItem): Promise<void> {
  const words = `New chain: ${task.title}.`;
  if (item.modality === 'text') {
    const answer = await ask(ownAddresses.content(item.id));
    const port = Object.entries(task.inputs).find(([, one]) => one.required && one.modality === 'text')?.[0];
    compose.startWith(task.name, port ? { [port]: { kind: 'text', text: await answer.text() } } : {}, words);
    return;
  }
  const { id: outputId, mediaType, sizeBytes, caption } = item;
  const prompt = Object.entries(task.inputs).find(([, port]) => port.required && port.modality === 'text')?.[0];
  const texts: Composition['given'] = prompt && caption && item.runId ? { [prompt]: { kind: 'text', text: caption } } : {};
  compose.startWithOutput(task, item.modality, { kind: 'output', outputId, mediaType, sizeBytes, name: caption || modalityWords[item.modality] }, texts, words);
}
