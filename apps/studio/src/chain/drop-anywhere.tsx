import type { TaskView } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { FileDown } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import { typing } from '../frame/typing.ts';
import { complain } from '../ui/toast.tsx';
import { takeFiles, useDropped } from './dropped.ts';
import { RecipeDialog } from './recipe-dialog.tsx';
import { UseDialog } from './use-dialog.tsx';
import { toComposer } from './uses.ts';

const none: readonly TaskView[] = [];

/**
 * Takes a file that is dropped or pasted anywhere in the studio. A page with a place of its own for files takes the event for itself
 * by preventDefault.
 */
export function DropAnywhere() {
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 })).data ?? none;
  const navigate = useNavigate();
  const { dropped } = useDropped();
  const over = useFiles((files) => void takeFiles(files, tasks).then((shown) => shown && navigate('/', toComposer), complain));
  return (
    <>
      {over && (
        <div className="pointer-events-none fixed inset-3 z-50 grid place-items-center rounded-3xl border-2 border-dashed border-accent bg-ground/85">
          <p className="flex items-center gap-3 text-xl font-semibold">
            <FileDown aria-hidden className="size-7 text-accent-ink" />
            Drop it here
          </p>
        </div>
      )}
      {dropped?.kind === 'recipe' && <RecipeDialog key={dropped.file.name} file={dropped.file} recipe={dropped.recipe} tasks={tasks} />}
      {dropped?.kind === 'use' && <UseDialog file={dropped.file} tasks={tasks} />}
    </>
  );
}

/** Listens for files from outside. @returns whether some are held over the page now */
function useFiles(onFiles: (files: File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (event.defaultPrevented) setOver(false);
      if (event.defaultPrevented || !carries(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      setOver(false);
      if (event.defaultPrevented || !carries(event)) return;
      event.preventDefault();
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0 || event.defaultPrevented || (typing(event.target) && event.clipboardData?.types.includes('text/plain'))) return;
      event.preventDefault();
      latest.current(files);
    };
    window.addEventListener('dragover', enter, { signal });
    window.addEventListener('dragleave', leave, { signal });
    window.addEventListener('drop', drop, { signal });
    window.addEventListener('paste', paste, { signal });
    return () => stop.abort();
  }, []);
  return over;
}
