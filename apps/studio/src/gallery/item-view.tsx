import type { GalleryDetail, OutputId } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import type { KeyboardEvent, ReactNode } from 'react';
import { Link } from 'react-router';
import { api } from '../api/client.ts';
import { sentenceOf } from '../api/sentence.ts';
import { isLost, LostPage } from '../pages/lost-page.tsx';
import { runPage } from '../task-views/index.ts';
import { Ago, Problem, Skeleton } from '../ui/blocks.tsx';
import { ModalityTag } from '../ui/modality.tsx';
import { formatBytes } from '../units/bytes.ts';
import { Stage } from '../viewer/stage.tsx';
import { useZoom } from '../viewer/use-zoom.ts';
import { ItemActions } from './item-actions.tsx';
import { ItemRecipe } from './item-recipe.tsx';
import { Lineage } from './lineage.tsx';
import { PublicSwitch } from './public-switch.tsx';
import { ownAddresses } from './tile.tsx';

/** A thing with where it came from and what came of it. */
export const useDetail = (id: string) => useQuery(api.gallery.get.queryOptions({ input: { id: id as OutputId } }));

interface ItemViewProps {
  id: string;
  onOpen: (id: string) => void;
  onRemoved: () => void;
}

/** One thing on a page of its own: large, with its details. */
export function ItemView({ id, onOpen, onRemoved }: ItemViewProps) {
  const zoom = useZoom();
  const item = useDetail(id).data?.item;
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const deed = event.ctrlKey || event.metaKey || event.altKey ? undefined : zoom.keys[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  };
  return (
    <article className="grid items-start gap-x-10 gap-y-6 lg:grid-cols-[minmax(0,1fr)_400px]">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the buttons inside. */}
      <div onKeyDown={onKeyDown} className="h-[56dvh] min-h-64 lg:sticky lg:top-20 lg:h-[calc(100dvh-180px)]">
        {item && <Stage item={item} addresses={ownAddresses} zoom={zoom} />}
      </div>
      <ItemDetails id={id} onOpen={onOpen} onRemoved={onRemoved} />
    </article>
  );
}

/** All that is known of a thing and can be done with it: its words, its recipe, its lineage. */
export function ItemDetails({ id, onOpen, onRemoved }: ItemViewProps) {
  const detail = useDetail(id);
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const error = detail.error ?? tasks.error;
  if (error && isLost(sentenceOf(error).code)) return <LostPage looked={`the item ${id}`} back={{ to: '/gallery', words: 'Go to the gallery' }} />;
  if (error) return <Problem error={error} onRetry={() => void Promise.all([detail.refetch(), tasks.refetch()])} />;
  if (!detail.data || !tasks.data) return <Skeleton className="h-64" />;
  return <Details detail={detail.data} tasks={tasks.data} onOpen={onOpen} onRemoved={onRemoved} />;
}

function Details({
  detail,
  tasks,
  onOpen,
  onRemoved,
}: { detail: GalleryDetail; tasks: Parameters<typeof ItemRecipe>[0]['tasks'] } & Omit<ItemViewProps, 'id'>) {
  const { item, recipe, parents, children } = detail;
  const page = recipe ? runPage(recipe.chain) : undefined;
  const task = tasks.find((one) => one.name === item.task);
  return (
    <div className="flex min-w-0 flex-col gap-6">
      <header>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <ModalityTag modality={item.modality}>{task?.title ?? (item.runId ? (item.task ?? undefined) : 'Upload')}</ModalityTag>
          <Ago time={item.createdAt} />
          <span className="number">{formatBytes(item.sizeBytes)}</span>
          {item.runId && (
            <Link to={page?.path(item.runId) ?? `/runs/${item.runId}`} className="text-accent-ink underline underline-offset-2">
              {page?.view ?? 'View run'}
            </Link>
          )}
        </div>
        {item.caption && !recipe && <p className="mt-3 text-base break-words">{item.caption}</p>}
      </header>
      <ItemActions detail={detail} tasks={tasks} onRemoved={onRemoved} />
      {recipe && (
        <Part title="How it was made">
          <ItemRecipe recipe={recipe} tasks={tasks} />
        </Part>
      )}
      {parents.length + children.length > 0 && (
        <Part title="Lineage">
          <Lineage item={item} parents={parents} offspring={children} onOpen={onOpen} />
        </Part>
      )}
      {item.deletedAt === null && (
        <div className="border-t border-line pt-5">
          <PublicSwitch item={item} />
        </div>
      )}
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-t border-line pt-5">
      <h2 className="mb-3 text-sm font-semibold text-muted">{title}</h2>
      {children}
    </section>
  );
}
