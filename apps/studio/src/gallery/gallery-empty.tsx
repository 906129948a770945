import type { ExampleView, Modality } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { ExampleCards } from '../chain/example-cards.tsx';
import { editExample } from '../chain/start-run.ts';
import { toComposer } from '../chain/uses.ts';
import { Empty } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { modalityIcons } from '../ui/modality.tsx';
import type { Filters } from './filters.ts';

const words: Record<Filters['which'], { title: string; text: string }> = {
  made: { title: 'Nothing made yet', text: 'Every image, video and text that a chain makes lands here, with the recipe to make it again.' },
  starred: { title: 'No stars yet', text: 'Star what you like: it is one click here from then on.' },
  uploads: { title: 'Nothing uploaded yet', text: 'Images and recordings that you give to a chain are kept here, to be used again.' },
  deleted: { title: 'Nothing deleted', text: 'What you delete waits here for some days, in case you want it back.' },
};

/** An empty gallery says what it will hold; a search without a result says that. */
export function GalleryEmpty({ filters, onReset }: { filters: Filters; onReset: () => void }) {
  const narrowed = filters.search.trim() !== '' || filters.modality !== null || filters.runId !== null;
  if (narrowed) {
    return (
      <Empty title="No matches" picture={<Tiles />} action={<Button onClick={onReset}>Show everything</Button>}>
        {filters.search.trim() === '' ? 'There is nothing of this kind here.' : `Nothing has words that begin with “${filters.search.trim()}”.`}
      </Empty>
    );
  }
  const { title, text } = words[filters.which];
  const action = (
    <Button asChild look="primary">
      <Link to="/">Make something</Link>
    </Button>
  );
  return (
    <>
      <Empty title={title} picture={<Tiles />} action={filters.which === 'made' ? action : undefined}>
        {text}
      </Empty>
      {filters.which === 'made' && <Beginnings />}
    </>
  );
}

/** Examples that run at once, so that the gallery does not stay empty. */
function Beginnings() {
  const navigate = useNavigate();
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const examples = useQuery(api.examples.queryOptions({ staleTime: 300_000 }));
  const edit = (example: ExampleView) => {
    editExample(example, tasks.data ?? []);
    navigate('/', toComposer);
  };
  return <ExampleCards examples={examples} tasks={tasks.data} onEdit={edit} />;
}

const samples: readonly Modality[] = ['image', 'video', 'image', 'text', 'image', 'audio'];

/** What a gallery looks like. */
export function Tiles() {
  return (
    <div className="grid w-72 grid-cols-3 gap-2">
      {samples.map((modality, index) => {
        const Icon = modalityIcons[modality];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the picture never changes.
          <div key={index} data-modality={modality} className="grid aspect-square place-items-center rounded-xl border border-line bg-hue-soft/50 text-hue">
            <Icon className="size-7 opacity-60" strokeWidth={1.25} />
          </div>
        );
      })}
    </div>
  );
}
