import { cutText, modalityOf, type OutputView, type RunSummary, type StepState } from '@atelier/protocol';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, contentUrl } from '../api/client.ts';
import { byName, makes } from '../chain/draft.ts';
import { useOutputText } from '../media/output-text.ts';
import { Ago } from '../ui/blocks.tsx';
import { modalityIcons } from '../ui/modality.tsx';
import { wordOf } from '../ui/state.tsx';
import { formatSeconds, secondsBetween } from '../units/time.ts';
import { RunBadge } from './run-badge.tsx';

/** A run in the list: its last result, its steps, its state. */
export function RunRow({ run }: { run: RunSummary }) {
  return (
    <li className="relative flex items-center gap-4 rounded-2xl border border-line bg-surface p-2 pr-4 transition-colors duration-150 hover:border-line-strong/60 sm:pr-5">
      <Thumbnail output={run.lastOutput} />
      <div className="min-w-0 grow">
        <Link to={`/runs/${run.id}`} className="block truncate text-base font-medium after:absolute after:inset-0 after:rounded-2xl">
          {run.name}
        </Link>
        <StepDots steps={run.steps} />
      </div>
      <div className="flex shrink-0 flex-col items-end gap-1 sm:flex-row sm:items-center sm:gap-6">
        <RunBadge run={run} />
        <span className="number hidden w-20 text-right text-sm text-muted md:block">
          {run.startedAt && run.endedAt ? formatSeconds(secondsBetween(run.startedAt, run.endedAt)) : ''}
        </span>
        <span className="relative z-10 text-right text-xs text-muted sm:w-28 sm:text-sm">
          <Ago time={run.createdAt} />
        </span>
      </div>
    </li>
  );
}

const fills: Partial<Record<StepState, string>> = { succeeded: 'bg-hue', running: 'bg-hue breathe', failed: 'bg-bad', queued: 'bg-hue/40' };

/** The steps as small bars in the colour of what they make, filled as far as the run is. */
function StepDots({ steps }: { steps: RunSummary['steps'] }) {
  const tasks = useQuery(api.tasks.queryOptions({ staleTime: 300_000 }));
  const done = steps.filter((step) => step.state === 'succeeded').length;
  return (
    <div className="mt-1.5 flex items-center gap-2">
      <span className="flex gap-1" aria-hidden>
        {steps.map((step) => (
          <span
            key={step.id}
            title={`${step.id}: ${wordOf(step.state)}`}
            data-modality={makes(byName(tasks.data ?? [], step.task))}
            className={`h-1.5 w-5 rounded-full ${fills[step.state] ?? 'bg-pressed'}`}
          />
        ))}
      </span>
      <span className="text-xs text-muted">
        {done} of {steps.length} {steps.length === 1 ? 'step' : 'steps'}
      </span>
    </div>
  );
}

const frame = 'relative grid size-16 shrink-0 place-items-center overflow-hidden rounded-xl';

function Thumbnail({ output }: { output: OutputView | null }) {
  const [broken, setBroken] = useState(false);
  const modality = output ? (modalityOf(output.mediaType) ?? 'tensor') : undefined;
  if (!output || !modality) return <span aria-hidden className={`${frame} bg-raised`} />;
  if (modality === 'text') return <TextThumbnail id={output.id} />;
  if (modality === 'image' && !broken) {
    return (
      <img src={`/api/outputs/${output.id}/thumbnail?size=128`} alt="" loading="lazy" onError={() => setBroken(true)} className={`${frame} object-cover`} />
    );
  }
  if (modality === 'video' && !broken)
    return (
      <video
        src={contentUrl(output.id)}
        muted
        playsInline
        preload="metadata"
        aria-hidden
        onError={() => setBroken(true)}
        className={`${frame} bg-well object-cover`}
      />
    );
  const Icon = modalityIcons[modality];
  return (
    <span aria-hidden data-modality={modality} className={`${frame} bg-hue-soft text-hue`}>
      <Icon className="size-6" />
    </span>
  );
}

function TextThumbnail({ id }: { id: string }) {
  const text = useOutputText(id);
  return (
    <span aria-hidden data-modality="text" className={`${frame} place-items-start! bg-hue-soft p-1.5 text-[9px] leading-[11px] text-hue`}>
      {cutText(text.data ?? '', 60)}
    </span>
  );
}
