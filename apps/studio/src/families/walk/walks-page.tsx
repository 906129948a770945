import type { OutputId, TaskView } from '@atelier/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { api } from '../../api/client.ts';
import { usePageShortcuts } from '../../frame/page-shortcuts.ts';
import { Card, Empty, Problem, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { announce, complain } from '../../ui/toast.tsx';
import { RecentWalks, useRecentWalks } from './recent-walks.tsx';
import { startWalk } from './start-walk.ts';
import { WalkComposer } from './walk-composer.tsx';
import { takeResult } from './walk-draft.ts';
import { firstForm, keyframe, type WalkForm } from './walk-form.ts';

const shortcuts = [
  { keys: ['Ctrl', 'Enter'], does: 'Walk' },
  { keys: ['Alt', '←', '→'], does: 'Move the keyframe' },
  { keys: ['Ctrl', 'V'], does: 'Paste an image into the keyframe' },
];

/** Walks: two words and a button, and what was made before. */
export function Component() {
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const recent = useRecentWalks();
  usePageShortcuts(shortcuts);
  useGiven();
  return (
    <>
      <h1 className="text-xl font-semibold tracking-tight">Walks</h1>
      <p className="mt-1 mb-5 text-base text-muted">A video of the way from one image to another, through everything that lies between.</p>
      {tasks.isError ? <Problem error={tasks.error} onRetry={() => void tasks.refetch()} /> : <Composer tasks={tasks.data} />}
      <section aria-label="Walks so far" className="mt-9">
        {recent.walks?.length === 0 ? (
          <NoWalks />
        ) : (
          <>
            <h2 className="mb-3 text-base font-semibold">Recent</h2>
            <RecentWalks recent={recent} />
          </>
        )}
      </section>
    </>
  );
}

function Composer({ tasks }: { tasks: readonly TaskView[] | undefined }) {
  return tasks ? <WalkComposer tasks={tasks} /> : <Skeleton className="h-44 rounded-2xl" />;
}

/** Takes over what another page sends here: `?picture=OUTPUT_ID`, `?prompt=WORDS`. */
function useGiven(): void {
  const [search, setSearch] = useSearchParams();
  const taken = useRef(false);
  useEffect(() => {
    const [picture, prompt] = [search.get('picture'), search.get('prompt') ?? ''];
    if (taken.current || (!picture && !prompt)) return;
    taken.current = true;
    takeResult({ picture: picture ? { outputId: picture as OutputId, name: prompt } : null, prompt });
    setSearch({}, { replace: true });
    announce('Added as a keyframe. Now say where the walk goes.');
  }, [search, setSearch]);
}

const examples: ReadonlyArray<{ title: string; prompts: readonly string[]; walk: WalkForm['walk'] }> = [
  { title: 'Apple to pear', prompts: ['a red apple', 'a green pear'], walk: {} },
  { title: 'Moon, sunflower and star, looped', prompts: ['a full moon', 'a sunflower', 'a star'], walk: { loop: true } },
  { title: 'Cat, tiger, dog', prompts: ['a cat', 'a tiger', 'a dog'], walk: { easing: 'smooth' } },
];

function NoWalks() {
  const navigate = useNavigate();
  const run = useMutation({
    mutationFn: ({ prompts, walk }: (typeof examples)[number]) => startWalk({ ...firstForm(), keyframes: prompts.map((prompt) => keyframe(prompt)), walk }),
    onSuccess: (made) => made && navigate(`/walks/${made.id}`),
    onError: complain,
  });
  return (
    <Card>
      <Empty
        title="Each walk you make plays here"
        picture={<WalkPicture />}
        action={
          <div className="flex flex-wrap justify-center gap-2">
            {examples.map((example) => (
              <Button key={example.title} look="soft" icon={Play} busy={run.isPending && run.variables === example} onClick={() => run.mutate(example)}>
                {example.title}
              </Button>
            ))}
          </div>
        }
      >
        Its frames are drawn by all machines at once and sharpen while it plays. Start with one of these.
      </Empty>
    </Card>
  );
}

/** What it will look like: a shape on its way to another. */
function WalkPicture() {
  const places = [0, 1, 2, 3, 4, 5, 6];
  return (
    <svg aria-hidden viewBox="0 0 420 84" className="w-[min(420px,100%)]">
      {places.map((place) => {
        const share = place / (places.length - 1);
        const keyed = place === 0 || place === places.length - 1;
        return (
          <g key={place} transform={`translate(${place * 60 + 4} 8)`}>
            <rect width="52" height="52" rx="10" fill="var(--well)" stroke={keyed ? 'var(--video-hue)' : 'var(--line)'} strokeWidth={keyed ? 2 : 1} />
            <rect
              x={14}
              y={14}
              width={24}
              height={24}
              rx={12 - share * 9}
              transform={`rotate(${share * 45} 26 26)`}
              style={{ fill: `color-mix(in oklch, var(--image-hue) ${100 - share * 100}%, var(--signal-hue))` }}
            />
            <rect x="0" y="62" width="52" height="5" rx="2.5" fill="var(--video-hue)" opacity={1 - Math.abs(share - 0.5)} />
          </g>
        );
      })}
    </svg>
  );
}
