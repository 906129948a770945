import { shortened } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { ArrowUp, ArrowUpRight } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { useRun } from '../api/use-run.ts';
import { OutputView, stageLook } from '../media/output-view.tsx';
import { RunBadge, TimeLeft } from '../run/run-badge.tsx';
import { Problem, ProgressBar } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { complain } from '../ui/toast.tsx';
import { WithViewer } from '../viewer/viewer.tsx';
import { sendOrKeep } from './outbox.ts';

const mostCharacters = 4000;

/**
 * The first thing on the first page: type, Enter, image.
 * @param takesFocus whether one can type at once; not if somebody was sent to the chain beneath
 */
export function PromptBox({ takesFocus }: { takesFocus: boolean }) {
  const [text, setText] = useState('');
  const [runId, setRunId] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const draw = useMutation({
    mutationFn: (prompt: string) => sendOrKeep({ chain: 'text-to-image', inputs: { prompt: { text: prompt } } }, shortened(prompt, 80)),
    onSuccess: (run) => run && setRunId(run.id),
    onError: complain,
  });
  useEffect(() => {
    // On a phone the keyboard would cover half of the page at once.
    if (takesFocus && window.matchMedia('(pointer: fine)').matches) field.current?.focus({ preventScroll: true });
  }, [takesFocus]);
  const prompt = text.trim();
  const submit = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (prompt !== '' && !draw.isPending) draw.mutate(prompt);
  };
  return (
    <section aria-label="Draw an image" className="mt-4">
      <form onSubmit={submit} className="flex items-end gap-2 rounded-2xl border border-line-strong bg-surface p-2 pl-4 focus-within:border-accent">
        <textarea
          ref={field}
          value={text}
          rows={1}
          maxLength={mostCharacters}
          aria-label="What should the image show?"
          placeholder="Describe an image, then press Enter"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            // Ctrl Enter runs the chain, as everywhere on the page.
            const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey;
            if (event.key === 'Enter' && plain && !event.nativeEvent.isComposing) submit(event);
            // Out of the field, so that the shortcuts of the page work.
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
          className="field-sizing-content max-h-48 min-h-10 w-full resize-none bg-transparent py-2 text-base outline-none! placeholder:text-faint"
        />
        <Button type="submit" look="primary" icon={ArrowUp} busy={draw.isPending} disabled={prompt === ''} className="shrink-0">
          Draw
        </Button>
      </form>
      {runId !== null && <Drawn key={runId} runId={runId} />}
    </section>
  );
}

/** The image as it comes, beneath the box, so that the next try is one line away. */
function Drawn({ runId }: { runId: string }) {
  const { watched, error, again } = useRun(runId);
  if (!watched) return error ? <Problem error={error} onRetry={again} className="mt-4" /> : <div className={`mt-4 ${stageLook}`} />;
  const { run, live } = watched;
  const [step] = run.steps;
  const output = step?.outputs[0];
  const passing = step && live[step.id];
  return (
    <div data-modality="image" className="mt-4">
      {output ? (
        <WithViewer items={[{ ...output, modality: 'image', caption: run.name }]} from="the page">
          <OutputView output={output} title={run.name} />
        </WithViewer>
      ) : (
        <div className={stageLook}>{passing?.preview && <img src={passing.preview} alt={`Preview of ${run.name}`} className="size-full object-contain" />}</div>
      )}
      <div className="mx-auto mt-3 w-full max-w-[384px]">
        {run.endedAt === null && <ProgressBar fraction={passing && passing.fraction > 0 ? passing.fraction : null} label={`Progress of ${run.name}`} />}
        {run.error && <Problem error={run.error} />}
        <p className="mt-2 flex items-center gap-3 text-sm text-muted">
          <RunBadge run={run} />
          {run.endedAt === null && <TimeLeft runId={run.id} />}
          <span className="grow" />
          <Link to={`/runs/${run.id}`} className="inline-flex items-center gap-1 text-accent-ink underline underline-offset-2">
            View run
            <ArrowUpRight aria-hidden className="size-4" />
          </Link>
        </p>
      </div>
    </div>
  );
}
