import type { QueuedRun, RunId } from '@atelier/protocol';
import { useMutation } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, ArrowUpToLine, Hourglass, type LucideIcon, Pause, Play, Square } from 'lucide-react';
import { type KeyboardEvent, useLayoutEffect, useRef } from 'react';
import { Link } from 'react-router';
import { api, client, queries } from '../api/client.ts';
import { waitingWords } from '../run/waiting-words.ts';
import { IconButton } from '../ui/button.tsx';
import { StateBadge } from '../ui/state.tsx';
import { announce, complain } from '../ui/toast.tsx';
import { formatSeconds } from '../units/time.ts';
import { movesOf } from './moves.ts';

interface QueueRowProps {
  run: QueuedRun;
  runs: readonly QueuedRun[];
  mine: boolean;
  /** The drawer makes room for the page that is opened. */
  onLeave: () => void;
}

/** A run of the queue, and what can be done with it there. */
export function QueueRow({ run, runs, mine, onLeave }: QueueRowProps) {
  const row = useRef<HTMLLIElement>(null);
  const moves = movesOf(runs, run);
  const move = useMove(run, runs, row);
  const onKeyDown = (event: KeyboardEvent) => {
    const before = { ArrowUp: moves.up, ArrowDown: moves.down }[event.key];
    if (!event.altKey || before === undefined || move.isPending) return;
    event.preventDefault();
    move.mutate(before);
  };
  return (
    <li ref={row} onKeyDown={onKeyDown} className="flex flex-col gap-1.5 rounded-xl px-2 py-2.5 hover:bg-raised/60">
      <div className="flex min-w-0 items-baseline gap-3">
        <Link to={`/runs/${run.id}`} onClick={onLeave} className="min-w-0 grow truncate text-sm font-medium hover:underline">
          {run.name}
        </Link>
        <span className="number shrink-0 text-xs text-muted">{run.seconds === null ? '' : `about ${formatSeconds(run.seconds)}`}</span>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <span className="flex min-w-0 flex-wrap items-center gap-x-2 text-xs text-muted">
          {run.state === 'waiting' ? <Waits words={waitingWords(run) ?? 'Waiting'} /> : <StateBadge state={run.state} />}
          <span className="truncate">{[mine ? undefined : run.personName, ...run.edges].filter(Boolean).join(' · ')}</span>
        </span>
        <span className="flex items-center">
          {run.state !== 'running' && (
            <>
              <MoveButton icon={ArrowUpToLine} label={`Move ${run.name} to the front`} before={moves.front} onMove={move.mutate} />
              <MoveButton icon={ArrowUp} label={`Move ${run.name} up`} before={moves.up} onMove={move.mutate} />
              <MoveButton icon={ArrowDown} label={`Move ${run.name} down`} before={moves.down} onMove={move.mutate} />
            </>
          )}
          <Controls run={run} />
        </span>
      </div>
    </li>
  );
}

const Waits = ({ words }: { words: string }) => (
  <span className="inline-flex items-center gap-1.5 text-sm font-medium whitespace-nowrap">
    <Hourglass aria-hidden className="size-4" />
    {words}
  </span>
);

interface MoveButtonProps {
  icon: LucideIcon;
  label: string;
  before: RunId | null | undefined;
  onMove: (before: RunId | null) => void;
}

/** Stays in the order of the tab key where it cannot move further, so that the focus is not lost by the last move. */
function MoveButton({ icon, label, before, onMove }: MoveButtonProps) {
  const off = before === undefined;
  return <IconButton icon={icon} label={label} size="small" aria-disabled={off} onClick={() => off || onMove(before)} className={off ? 'opacity-35' : ''} />;
}

/** Moves a run and keeps the focus on what was pressed, which goes along with its row. */
function useMove(run: QueuedRun, runs: readonly QueuedRun[], row: { readonly current: HTMLLIElement | null }) {
  const pressed = useRef<Element | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a row that was moved in the page has lost the focus.
  useLayoutEffect(() => {
    const wanted = pressed.current;
    if (!(wanted instanceof HTMLElement) || document.activeElement === wanted) return;
    pressed.current = null;
    wanted.focus();
  }, [runs]);
  return useMutation({
    mutationFn: (before: RunId | null) => client.runs.move({ id: run.id, before }),
    onMutate: () => {
      pressed.current = row.current?.contains(document.activeElement) ? document.activeElement : null;
    },
    onSuccess: (queue) => queries.setQueryData(api.queue.queryKey(), queue),
    onError: complain,
  });
}

/** Pause or resume, and stop. */
function Controls({ run }: { run: QueuedRun }) {
  const changed = () => queries.invalidateQueries({ queryKey: api.queue.key() });
  const pause = useMutation({ mutationFn: () => client.runs.pause({ id: run.id }), onSuccess: changed, onError: complain });
  const resume = useMutation({ mutationFn: () => client.runs.resume({ id: run.id }), onSuccess: changed, onError: complain });
  const stop = useMutation({
    mutationFn: () => client.runs.cancel({ id: run.id }),
    onSuccess: () => {
      announce(`Stopped: ${run.name}`);
      return changed();
    },
    onError: complain,
  });
  return (
    <>
      {run.state === 'paused' ? (
        <IconButton icon={Play} label={`Resume ${run.name}`} size="small" busy={resume.isPending} onClick={() => resume.mutate()} />
      ) : (
        <IconButton icon={Pause} label={`Pause ${run.name}`} size="small" busy={pause.isPending} onClick={() => pause.mutate()} />
      )}
      <IconButton icon={Square} label={`Stop ${run.name}`} size="small" busy={stop.isPending} onClick={() => stop.mutate()} />
    </>
  );
}
