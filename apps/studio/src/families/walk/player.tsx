import { Gauge, Grid2x2, Maximize2, MoveRight, Pause, Play, Repeat, StepBack, StepForward, Undo2 } from 'lucide-react';
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { usePageShortcuts } from '../../frame/page-shortcuts.ts';
import { typing } from '../../frame/typing.ts';
import { IconButton } from '../../ui/button.tsx';
import { Menu, MenuChoices } from '../../ui/menu.tsx';
import type { Playhead, Way } from './playhead.ts';

const ways: Array<{ value: Way; label: string; icon: typeof Play }> = [
  { value: 'loop', label: 'Loop', icon: Repeat },
  { value: 'there-and-back', label: 'There and back', icon: Undo2 },
  { value: 'once', label: 'Once', icon: MoveRight },
];
const speeds = ['0.25', '0.5', '1', '2', '4'].map((value) => ({ value, label: `${value}×`, icon: Gauge }));

const shortcuts = [
  { keys: ['Space'], does: 'Play or pause' },
  { keys: ['←', '→'], does: 'One frame back or forward' },
  { keys: ['Shift', '←', '→'], does: 'Ten frames back or forward' },
  { keys: ['Home', 'End'], does: 'The first or the last frame' },
  { keys: ['L'], does: 'Loop, there and back, or once' },
];

interface PlayerControlsProps {
  playhead: Playhead;
  frames: number;
  framesPerSecond: number;
  pixels: boolean;
  onPixels: (pixels: boolean) => void;
  /** Opens the frame on which the playhead stands. */
  onEnlarge: () => void;
}

/** Play, step, speed and what happens at the end. */
export function PlayerControls({ playhead, frames, framesPerSecond, pixels, onPixels, onEnlarge }: PlayerControlsProps) {
  const { playing, way, speed } = useStore(playhead.store);
  usePageShortcuts(shortcuts);
  useKeys(playhead, frames);
  const shown = ways.find(({ value }) => value === way)?.icon ?? Repeat;
  return (
    <div role="toolbar" aria-label="Player" className="flex flex-wrap items-center gap-1">
      <IconButton icon={StepBack} label="One frame back (←)" onClick={() => playhead.step(-1)} />
      <IconButton
        icon={playing ? Pause : Play}
        look="primary"
        size="large"
        label={playing ? 'Pause the video (Space)' : 'Play the video (Space)'}
        onClick={() => playhead.toggle()}
        className="rounded-full!"
      />
      <IconButton icon={StepForward} label="One frame forward (→)" onClick={() => playhead.step(1)} />
      <TimeCode playhead={playhead} frames={frames} framesPerSecond={framesPerSecond} />
      <div className="grow" />
      <IconButton icon={Maximize2} label="Enlarge this frame" onClick={onEnlarge} />
      <IconButton icon={Grid2x2} label={pixels ? 'Smooth' : 'Pixels'} aria-pressed={pixels} onClick={() => onPixels(!pixels)} />
      <Menu trigger={<IconButton icon={shown} label="At the end (L)" />}>
        <MenuChoices value={way} onChange={(next) => playhead.choose({ way: next })} options={ways} />
      </Menu>
      <Menu
        trigger={
          <button
            type="button"
            aria-label={`Speed ${speed}×`}
            className="number h-9 min-w-12 rounded-lg px-2 text-sm text-muted hover:bg-raised hover:text-ink"
          >
            {speed}×
          </button>
        }
      >
        <MenuChoices value={String(speed)} onChange={(next) => playhead.choose({ speed: Number(next) })} options={speeds} />
      </Menu>
    </div>
  );
}

function TimeCode({ playhead, frames, framesPerSecond }: Pick<PlayerControlsProps, 'playhead' | 'frames' | 'framesPerSecond'>) {
  const frame = useStore(playhead.store, (state) => state.frame);
  return (
    <span className="number ml-2 text-sm text-muted">
      <span className="text-ink" data-frame={frame + 1}>
        {String(frame + 1).padStart(String(frames).length, ' ')}
      </span>{' '}
      / {frames}
      <span className="max-sm:hidden"> · {(frame / framesPerSecond).toFixed(1)} s</span>
    </span>
  );
}

const held = (target: EventTarget | null) => target instanceof HTMLElement && target.closest('[role="menu"], [role="dialog"]') !== null;
const presses = (target: EventTarget | null) => target instanceof HTMLElement && /^(BUTTON|A|SUMMARY)$/.test(target.tagName);

/** Keys of the player, wherever the focus is, unless something else needs them. */
function useKeys(playhead: Playhead, frames: number): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (typing(event.target) || held(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      const by = event.shiftKey ? 10 : 1;
      const { way } = playhead.store.getState();
      const next = ways[(ways.findIndex(({ value }) => value === way) + 1) % ways.length]?.value ?? 'loop';
      const does: Record<string, () => void> = {
        ' ': () => playhead.toggle(),
        ArrowLeft: () => playhead.step(-by),
        ArrowDown: () => playhead.step(-by),
        ArrowRight: () => playhead.step(by),
        ArrowUp: () => playhead.step(by),
        PageUp: () => playhead.step(Math.ceil(frames / 10)),
        PageDown: () => playhead.step(-Math.ceil(frames / 10)),
        Home: () => playhead.step(-frames),
        End: () => playhead.step(frames),
        l: () => playhead.choose({ way: next }),
      };
      const onSlider = event.target instanceof HTMLElement && event.target.getAttribute('role') === 'slider';
      const scrolls = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown'].includes(event.key);
      if (!does[event.key] || (event.key === ' ' && presses(event.target)) || (scrolls && !onSlider)) return;
      event.preventDefault();
      does[event.key]?.();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [playhead, frames]);
}
