import type { GalleryItem, RunView, StepView, TaskView } from '@atelier/protocol';
import { Sprout } from 'lucide-react';
import { useNavigate } from 'react-router';
import { compose } from '../chain/composer-state.ts';
import { toComposer } from '../chain/uses.ts';
import { StarMark } from '../gallery/tile.tsx';
import { gallery, type RunItems } from '../gallery/use-gallery.ts';
import type { Shard } from '../shards/shard-states.ts';
import { Tip } from '../ui/button.tsx';
import { complain } from '../ui/toast.tsx';
import { opens, useViewer } from '../viewer/opening.ts';
import { chainOfImage, seedOfImage } from './chain-of-image.ts';
import { DeletedResult } from './result-actions.tsx';

interface BatchGridProps {
  run: RunView;
  step: StepView;
  shards: readonly Shard[];
  previews: ReadonlyMap<number, string>;
  title: string;
  items: RunItems;
  tasks: readonly TaskView[];
}

/** The images of a batch, each with its own seed; those that are on their way have their places from the beginning. */
export function BatchGrid({ run, step, shards, previews, title, items, tasks }: BatchGridProps) {
  return (
    <ol aria-label={`Images of ${title}`} className={`mx-auto grid w-full gap-3 ${acrossFor(shards.length)}`}>
      {shards.map((shard, index) => {
        const name = `Image ${index + 1} of ${title}`;
        const item = items.get(shard.outputId ?? '');
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a shard's number is its name.
          <li key={index} className="group min-w-0">
            <div className="relative aspect-square overflow-hidden rounded-lg bg-well">
              {item && item.deletedAt !== null ? (
                <span className="grid size-full place-items-center">
                  <DeletedResult item={item} name={name} />
                </span>
              ) : (
                <Picture shard={shard} item={item} preview={previews.get(index)} name={name} />
              )}
            </div>
            <SeedButton run={run} step={step} shard={index} tasks={tasks} />
          </li>
        );
      })}
    </ol>
  );
}

const acrossFor = (count: number) => (count <= 4 ? 'max-w-[440px] grid-cols-2' : count <= 9 ? 'grid-cols-2 sm:grid-cols-3' : 'grid-cols-2 sm:grid-cols-4');

interface PictureProps {
  shard: Shard;
  item: GalleryItem | undefined;
  preview: string | undefined;
  name: string;
}

function Picture({ shard, item, preview, name }: PictureProps) {
  const open = useViewer();
  const { outputId, state } = shard;
  if (outputId)
    return (
      <>
        <button type="button" {...opens(outputId)} aria-label={`Enlarge ${name}`} onClick={() => open(outputId)} className="block size-full cursor-zoom-in!">
          <img src={`/api/outputs/${outputId}/thumbnail?size=256`} alt={name} className="size-full object-contain" />
        </button>
        {item && <StarMark item={item} name={name} onStar={(one) => void gallery.star([one], !one.starred).catch(complain)} />}
      </>
    );
  if (preview) return <img src={preview} alt={`Preview of ${name}`} className="size-full object-contain" />;
  const words = state === 'failed' ? 'Failed' : state === 'running' ? 'Generating' : '';
  return (
    <span
      role="img"
      aria-label={`${name}: ${state}`}
      className={`grid size-full place-items-center text-xs ${state === 'running' ? 'breathe bg-hue-soft/60 text-hue' : state === 'failed' ? 'bg-bad-soft text-bad' : 'bg-hue-soft/30'}`}
    >
      {words}
    </span>
  );
}

interface SeedButtonProps {
  run: RunView;
  step: StepView;
  shard: number;
  tasks: readonly TaskView[];
}

/** The seed of an image; pressed, it opens the chain that makes this one image. */
function SeedButton({ run, step, shard, tasks }: SeedButtonProps) {
  const navigate = useNavigate();
  const seed = seedOfImage(step, shard);
  if (seed === null) return null;
  const use = () => {
    compose.loadRun({ ...run, chain: chainOfImage(run, step, shard) }, tasks, `Chain opened with the seed ${seed}.`);
    navigate('/', toComposer);
  };
  return (
    <Tip text="Use this seed">
      <button
        type="button"
        aria-label={`Use this seed: ${seed}`}
        onClick={use}
        className="mt-1 flex h-9 w-full min-w-0 items-center gap-1.5 rounded-lg px-2 text-muted hover:bg-raised hover:text-ink"
      >
        <Sprout aria-hidden className="size-3.5 shrink-0" />
        <span className="number truncate text-xs">{seed}</span>
      </button>
    </Tip>
  );
}
