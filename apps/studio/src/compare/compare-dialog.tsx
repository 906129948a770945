import type { GalleryItem } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.ts';
import { nameOf, ownAddresses, TileFace } from '../gallery/tile.tsx';
import { Problem, Skeleton } from '../ui/blocks.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Played } from '../viewer/stage.tsx';
import { Differences } from './differences.tsx';
import { Wipe } from './wipe.tsx';

/** Two results beside each other, and in what they were made differently. The older one is on the left. */
export function CompareDialog({ items, onClose }: { items: readonly [GalleryItem, GalleryItem]; onClose: () => void }) {
  return (
    <CompareWindow onClose={onClose}>
      <Pair items={items} />
    </CompareWindow>
  );
}

/** A result beside another that is chosen here: of its run, of the same words, of its family, or of the latest in the gallery. */
export function CompareWithDialog({ item, onClose }: { item: GalleryItem; onClose: () => void }) {
  const [chosenId, setChosenId] = useState<string | null>(null);
  const { candidates, problem } = useCandidates(item);
  const chosen = candidates?.find(({ id }) => id === chosenId) ?? candidates?.[0];
  return (
    <CompareWindow onClose={onClose}>
      {problem ? (
        <Problem error={problem} />
      ) : !candidates ? (
        <Skeleton className="h-96" />
      ) : chosen ? (
        <>
          <Choices items={candidates} chosen={chosen} onChoose={setChosenId} />
          <Pair items={[item, chosen]} />
        </>
      ) : (
        <p className="text-base text-muted">There is nothing else of this kind in the gallery to compare it with.</p>
      )}
    </CompareWindow>
  );
}

function CompareWindow({ onClose, children }: { onClose: () => void; children: React.ReactNode }) {
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title="Compare" width="widest">
      <div className="flex flex-col gap-5">{children}</div>
    </Dialog>
  );
}

const mostCandidates = 24;

/** What it may be compared with, nearest first; undefined until that is known. A problem counts where there is nothing else. */
function useCandidates({ id, runId, modality, caption }: GalleryItem): { candidates?: GalleryItem[]; problem?: unknown } {
  const family = useQuery(api.gallery.get.queryOptions({ input: { id } }));
  const ofRun = useQuery(api.gallery.list.queryOptions({ input: { modality, ...(runId ? { runId } : {}), limit: mostCandidates } }));
  const latest = useQuery(api.gallery.list.queryOptions({ input: { modality, limit: mostCandidates } }));
  if (family.isPending || ofRun.isPending || latest.isPending) return {};
  const relatives = [...(family.data?.parents ?? []), ...(family.data?.children ?? [])];
  const newest = latest.data?.items ?? [];
  const ofSameWords = newest.filter((one) => caption !== '' && one.caption === caption);
  const all = [...(runId ? (ofRun.data?.items ?? []) : []), ...ofSameWords, ...relatives, ...newest];
  const others = all.filter((one) => one.id !== id && one.modality === modality);
  const candidates = [...new Map(others.map((one) => [one.id, one])).values()].slice(0, mostCandidates);
  return { candidates, problem: candidates.length === 0 ? (family.error ?? ofRun.error ?? latest.error) : null };
}

interface ChoicesProps {
  items: readonly GalleryItem[];
  chosen: GalleryItem;
  onChoose: (id: string) => void;
}

function Choices({ items, chosen, onChoose }: ChoicesProps) {
  return (
    <fieldset className="min-w-0">
      <legend className="mb-2 text-sm text-muted">Compare with</legend>
      <div className="flex gap-2 overflow-x-auto p-1">
        {items.map((item, index) => (
          <button
            key={item.id}
            type="button"
            aria-pressed={item.id === chosen.id}
            aria-label={`${nameOf(item)}, ${index + 1}`}
            title={nameOf(item)}
            data-modality={item.modality}
            onClick={() => onChoose(item.id)}
            className="relative size-16 shrink-0 overflow-hidden rounded-lg bg-well ring-1 ring-line aria-pressed:ring-3 aria-pressed:ring-accent"
          >
            <TileFace item={item} addresses={ownAddresses} small />
          </button>
        ))}
      </div>
    </fieldset>
  );
}

function Pair({ items }: { items: readonly [GalleryItem, GalleryItem] }) {
  const [one, other] = items[0].createdAt <= items[1].createdAt ? items : [items[1], items[0]];
  const side = (item: GalleryItem) => ({ src: ownAddresses.content(item.id), name: nameOf(item) });
  return (
    <>
      {one.modality === 'image' && other.modality === 'image' ? (
        <Wipe key={`${one.id} ${other.id}`} one={side(one)} other={side(other)} />
      ) : (
        <div className="grid gap-4 sm:grid-cols-2">
          {[one, other].map((item, index) => (
            <figure key={item.id} className="flex min-w-0 flex-col gap-2">
              <figcaption className="text-sm text-muted">{index === 0 ? 'Left' : 'Right'}</figcaption>
              <div className="flex max-h-[52dvh] min-h-0">
                <Played item={item} src={ownAddresses.content(item.id)} />
              </div>
            </figure>
          ))}
        </div>
      )}
      <Differences one={one} other={other} />
    </>
  );
}
