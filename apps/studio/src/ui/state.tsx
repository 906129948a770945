import type { RunState, StepState } from '@atelier/protocol';
import { Ban, CircleAlert, CircleCheck, CirclePause, Clock, Hourglass, ListEnd, LoaderCircle, type LucideIcon, Route } from 'lucide-react';

interface Look {
  readonly word: string;
  readonly icon: LucideIcon;
  readonly tone: string;
  readonly turns?: true;
}

const looks: Record<RunState | StepState, Look> = {
  planning: { word: 'Planning', icon: Route, tone: 'text-muted' },
  waiting: { word: 'Waiting', icon: Hourglass, tone: 'text-faint' },
  ready: { word: 'Ready', icon: Clock, tone: 'text-muted' },
  queued: { word: 'Queued', icon: ListEnd, tone: 'text-muted' },
  running: { word: 'Running', icon: LoaderCircle, tone: 'text-accent-ink', turns: true },
  paused: { word: 'Paused', icon: CirclePause, tone: 'text-warn' },
  succeeded: { word: 'Done', icon: CircleCheck, tone: 'text-good' },
  failed: { word: 'Failed', icon: CircleAlert, tone: 'text-bad' },
  cancelled: { word: 'Stopped', icon: Ban, tone: 'text-muted' },
};

export const wordOf = (state: RunState | StepState) => looks[state].word;

/** A state as an icon and a word, never by colour alone. */
export function StateBadge({ state }: { state: RunState | StepState }) {
  const { word, icon: Icon, tone, turns } = looks[state];
  return (
    <span className={`inline-flex items-center gap-1.5 text-sm font-medium whitespace-nowrap ${tone}`}>
      <Icon aria-hidden className={`size-4 ${turns ? 'turn' : ''}`} />
      {word}
    </span>
  );
}
