import type { GalleryItem } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { Globe, Lock } from 'lucide-react';
import { Switch } from 'radix-ui';
import { useId } from 'react';
import { Copyable } from '../ui/blocks.tsx';
import { complain } from '../ui/toast.tsx';
import { gallery } from './use-gallery.ts';

/** Private or public, and what that means. */
export function PublicSwitch({ item }: { item: GalleryItem }) {
  const id = useId();
  const isPublic = item.visibility === 'public';
  const change = useMutation({ mutationFn: (next: boolean) => gallery.show(item, next ? 'public' : 'private'), onError: complain });
  const Icon = isPublic ? Globe : Lock;
  return (
    <div>
      <div className="flex items-center gap-3">
        <Icon aria-hidden className={`size-4 shrink-0 ${isPublic ? 'text-accent-ink' : 'text-muted'}`} />
        <label htmlFor={id} className="grow text-sm font-semibold">
          Public
        </label>
        <Switch.Root
          id={id}
          checked={isPublic}
          disabled={change.isPending || !item.mine}
          aria-describedby={`${id}-words`}
          onCheckedChange={(next) => change.mutate(next)}
          className="h-6 w-10 rounded-full bg-line-strong p-0.5 transition-colors data-[state=checked]:bg-accent disabled:opacity-50"
        >
          <Switch.Thumb className="block size-5 rounded-full bg-surface transition-transform duration-150 data-[state=checked]:translate-x-4" />
        </Switch.Root>
      </div>
      <p id={`${id}-words`} className="mt-1.5 text-sm text-muted text-pretty">
        {isPublic
          ? 'Anybody who can reach this studio sees it without signing in, with the words that it was made of, and may download it with its recipe. Your name is not shown.'
          : 'Only you and the owners of this studio see it.'}
      </p>
      {isPublic && (
        <div className="mt-3">
          <Copyable text={`${location.origin}/public/${item.id}`} label="the public link" />
        </div>
      )}
    </div>
  );
}
