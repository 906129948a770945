import type { GalleryItem, TaskView } from '@atelier/protocol';
import { CompareButton, DeleteButton, RestoreButton, StarButton, UseAs } from '../gallery/item-actions.tsx';

/** What can be done with a result on the page of its run: the same as in the gallery. */
export function ResultActions({ item, tasks, name }: { item: GalleryItem; tasks: readonly TaskView[]; name: string }) {
  return (
    <>
      <StarButton item={item} size="small" label={`${item.starred ? 'Remove star from' : 'Star'} ${name}`} />
      <DeleteButton item={item} size="small" label={`Delete ${name}`} />
      <CompareButton item={item} size="small" label={`Compare ${name}`} />
      <UseAs item={item} tasks={tasks} name={name} small />
    </>
  );
}

/** Where a result was that was deleted. */
export function DeletedResult({ item, name }: { item: GalleryItem; name: string }) {
  return (
    <p className="flex flex-wrap items-center gap-3 text-sm text-muted">
      Deleted.
      <RestoreButton item={item} name={name} size="small" />
    </p>
  );
}
