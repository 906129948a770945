import { coarseToFine } from '@atelier/protocol';
import { useState } from 'react';
import type { Share } from '../../shards/shard-states.ts';
import { Card } from '../../ui/blocks.tsx';
import type { Frame, FrameState } from './frame-states.ts';
import { PlayerControls } from './player.tsx';
import { Playhead } from './playhead.ts';
import { Stage } from './stage.tsx';
import { Timeline } from './timeline.tsx';

/** A made-up walk for the design page, in which every state of a frame stands. No bytes lie behind it: its pictures are previews. */
const count = 30;
const machines = ['Server1', 'Server2', 'Workshop'];
const order = coarseToFine(count);

function stateOf(frame: number): FrameState {
  const place = order.indexOf(frame);
  if (place < 4) return 'cached';
  if (place < 17) return 'done';
  if (place < 20) return 'running';
  if (place < 22) return 'queued';
  return place === 22 ? 'failed' : 'waiting';
}

const sampleFrames: readonly Frame[] = Array.from({ length: count }, (_, frame) => {
  const state = stateOf(frame);
  const drawn = state === 'done' || state === 'running' || state === 'queued';
  return { state, edgeId: drawn ? (machines[frame % 3] ?? null) : null, outputId: null };
});

const sampleShares: readonly Share[] = machines.map((name) => {
  const own = sampleFrames.filter(({ edgeId }) => edgeId === name);
  const done = own.filter(({ state }) => state === 'done').length;
  return { edgeId: name, name, done, running: own.filter(({ state }) => state === 'running').length, part: done / 13 };
});

const sampleWalk: Parameters<typeof Timeline>[0]['walk'] = {
  keyframes: [{ prompt: 'a red apple' }, { prompt: 'a green pear' }, { prompt: 'a yellow banana' }],
  frames: count,
  loop: false,
};

/** A soft disc, as a picture looks halfway. */
function preview(frame: number): string {
  const hue = Math.round((frame / count) * 120);
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128"><defs><filter id="f"><feGaussianBlur stdDeviation="5"/></filter></defs><rect width="128" height="128" fill="hsl(${hue + 170} 35% 78%)"/><circle cx="64" cy="66" r="38" fill="hsl(${hue} 70% 48%)" filter="url(#f)"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(drawing)}`;
}

const samplePreviews: ReadonlyMap<number, string> = new Map(sampleFrames.map((_, frame) => [frame, preview(frame)]));

/** The player while frames come: the signs of all states, a lane for each machine, keyframes over their frames. */
export function Component() {
  const [playhead] = useState(() => {
    const made = new Playhead(count, 12, 'there-and-back');
    made.seek(9);
    return made;
  });
  const [pixels, setPixels] = useState(false);
  return (
    <section aria-label="Walks">
      <h2 className="mb-3 text-sm font-semibold text-muted">Walks</h2>
      <Card data-modality="video" className="flex flex-col gap-4 p-5">
        <Stage frames={sampleFrames} previews={samplePreviews} playhead={playhead} large={false} pixels={pixels} label="A sample video" />
        <PlayerControls playhead={playhead} frames={count} framesPerSecond={12} pixels={pixels} onPixels={setPixels} onEnlarge={() => undefined} />
        <Timeline frames={sampleFrames} shares={sampleShares} walk={sampleWalk} playhead={playhead} />
      </Card>
    </section>
  );
}
