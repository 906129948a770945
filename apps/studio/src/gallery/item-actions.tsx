import type { GalleryDetail, GalleryItem, TaskView } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { ChevronDown, Download, Footprints, History, RotateCcw, Star, Trash2, WandSparkles } from 'lucide-react';
import { useNavigate } from 'react-router';
import { client } from '../api/client.ts';
import { type Composition, compose } from '../chain/composer-state.ts';
import { makes } from '../chain/draft.ts';
import { stepReports } from '../chain/recipe-report.ts';
import { findRecipeFiles, restoreRecipe } from '../chain/restore-recipe.ts';
import { tasksThatBeginWith, toComposer, walkWithPicture } from '../chain/uses.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Menu, MenuItem, MenuLabel } from '../ui/menu.tsx';
import { modalityIcons, modalityWords } from '../ui/modality.tsx';
import { announce, complain } from '../ui/toast.tsx';
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
  const remove = useMutation({ mutationFn: () => gallery.remove([item]), onSuccess: onRemoved, onError: complain });
  const restore = useMutation({ mutationFn: () => gallery.restore([item]), onError: complain });
  if (item.deletedAt !== null) {
    return (
      <div className="flex flex-wrap items-center gap-3">
        <p className="text-sm text-muted">It is deleted.</p>
        <Button look="primary" icon={RotateCcw} busy={restore.isPending} onClick={() => restore.mutate()}>
          Bring it back
        </Button>
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
      <IconButton
        icon={Star}
        label={item.starred ? 'Take the star (S)' : 'Star (S)'}
        aria-pressed={item.starred}
        onClick={() => void gallery.star([item], !item.starred).catch(complain)}
        className={item.starred ? 'text-warn! [&>svg]:fill-current' : ''}
      />
      <IconButton icon={Trash2} label="Delete (Del)" busy={remove.isPending} onClick={() => remove.mutate()} />
    </div>
  );
}

/** Lays the recipe into the composer, with its inputs. */
function UseAgain({ detail: { recipe }, tasks }: { detail: GalleryDetail; tasks: readonly TaskView[] }) {
  const navigate = useNavigate();
  const again = useMutation({
    mutationFn: async () => {
      if (!recipe) return;
      const [files, edges] = await Promise.all([findRecipeFiles(recipe), client.edges.list()]);
      const before = compose.now();
      restoreRecipe(recipe, tasks, files, stepReports(recipe, tasks, edges));
      navigate('/', toComposer);
      const missing = files.missing.map((file) => file.name).join(', ');
      const words = missing ? `The chain is restored; choose the ${missing} again, which is no longer there.` : 'The chain is restored, with its seeds.';
      announce(words, before.draft.steps.length > 0 ? () => compose.restore(before) : undefined);
    },
    onError: complain,
  });
  return (
    <Button look="primary" icon={History} busy={again.isPending} onClick={() => again.mutate()}>
      Use this again
    </Button>
  );
}

/** Begins another chain with this thing. */
function UseAs({ item, tasks }: { item: GalleryItem; tasks: readonly TaskView[] }) {
  const navigate = useNavigate();
  const fitting = tasksThatBeginWith(tasks, item.modality);
  if (fitting.length === 0) return null;
  const word = modalityWords[item.modality].toLowerCase();
  const begin = (task: TaskView) => {
    const before = compose.now();
    startWith(task, item)
      .then(() => {
        navigate('/', toComposer);
        announce(`A chain begins with ${task.title}.`, before.draft.steps.length > 0 ? () => compose.restore(before) : undefined);
      })
      .catch(complain);
  };
  const trigger = (
    <Button icon={WandSparkles}>
      Use as {word} for
      <ChevronDown aria-hidden className="-mr-1 size-4 opacity-70" />
    </Button>
  );
  return (
    <Menu trigger={trigger} align="start">
      <div className="w-72">
        <MenuLabel>Begin a chain with this {word}</MenuLabel>
        {fitting.map((task) => (
          <MenuItem key={task.name} icon={modalityIcons[makes(task)]} hint={task.summary} onSelect={() => begin(task)}>
            {task.title}
          </MenuItem>
        ))}
        {item.modality === 'image' && (
          <MenuItem icon={Footprints} hint="A walk through latent space goes by this picture." onSelect={() => navigate(walkWithPicture(item.id))}>
            Keyframe of a walk
          </MenuItem>
        )}
      </div>
    </Menu>
  );
}

/** What was written for a picture is the best first guess of what its changed form shows. */
async function startWith(task: TaskView, item: GalleryItem): Promise<void> {
  if (item.modality === 'text') {
    const answer = await fetch(ownAddresses.content(item.id));
    if (!answer.ok) throw new Error(`The text could not be read (${answer.status}).`);
    compose.startWith(task.name);
    const port = Object.entries(task.inputs).find(([, one]) => one.required && one.modality === 'text')?.[0];
    if (port) compose.give(port, { kind: 'text', text: await answer.text() });
    return;
  }
  const { id: outputId, mediaType, sizeBytes, caption } = item;
  const prompt = Object.entries(task.inputs).find(([, port]) => port.required && port.modality === 'text')?.[0];
  const texts: Composition['given'] = prompt && caption && item.runId ? { [prompt]: { kind: 'text', text: caption } } : {};
  compose.startWithOutput(task, item.modality, { kind: 'output', outputId, mediaType, sizeBytes, name: caption || modalityWords[item.modality] }, texts);
}
