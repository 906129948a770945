import { randomUUID } from 'node:crypto';
import type { AtelierClient } from '@atelier/client';
import { limits, type RunView } from '@atelier/protocol';
import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import { schemasOf } from '../run/chain-argument.ts';
import { readValue, sendInputs } from '../run/inputs.ts';
import { parseSettings } from '../run/settings-text.ts';
import { createBars } from '../terminal/bars.ts';
import { formatBytes } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { saveWalk } from '../walk/save-walk.ts';
import { type WalkDrawingFlags, type WalkRun, walkRun } from '../walk/walk-chain.ts';
import { type WalkTarget, walkTarget } from '../walk/walk-target.ts';
import { endLines, type FollowFlags, watchToEnd } from './run.ts';
import { collect, studioCommand, withStudio } from './studio-command.ts';

interface WalkFlags extends FollowFlags, WalkDrawingFlags {
  readonly track?: string;
  readonly set?: string[];
  readonly fresh?: boolean;
  readonly detach?: boolean;
}

const examples = `
KEYFRAME is a prompt, or the file of an image. A walk goes from each to the next.

  atelier walk "a red apple" "a green pear" --frames 24 --out walk.gif
  atelier walk "spring" "summer" "autumn" "winter" --loop --frames 96 --out year.mp4
  atelier walk photo.jpg "an oil painting of a harbour" --frames 48 --easing smooth --out harbour.webp
  atelier walk "a red apple" "a green pear" --noise slerp --seed 7 --out frames/
  atelier walk "calm" "storm" --track music.mp3 --frames 240 --fps 24 --out storm.mp4

All edges that have the model draw frames at once. A frame that was drawn before, with the same --seed, is taken from the result
cache: a walk of 24 frames that grows to 47 draws 23. See docs/walks.md.`;

export function walkCommand(): Command {
  return studioCommand('walk')
    .summary('walk through latent space from keyframe to keyframe')
    .description('Draws the frames of a way from one keyframe to the next and makes a video of them.')
    .argument('<keyframe...>')
    .option('--out <file>', 'a video (.gif, .mp4, .webp), the frames in a .zip, or a folder for them')
    .option('--frames <number>', `of the whole walk, 2 to ${limits.walkFrames}`, '24')
    .option('--fps <number>', 'frames a second of the video', '12')
    .option('--loop', 'go back to the first keyframe at the end')
    .option('--there-and-back', 'play the frames forwards, then backwards')
    .option('--easing <linear|smooth|hold>', 'even, slow near each keyframe, or resting at each')
    .option('--noise <same|slerp>', "the same noise throughout, or turned from each keyframe's to the next")
    .option('--text-path <lerp|slerp>', 'the way between prompts: straight, or along the sphere')
    .option('--track <file>', 'a recording that sets the pace: faster where more happens in it')
    .option('--camera <path>', 'still, zoom, pan-left, pan-right or orbit')
    .option('--steps <number>', 'steps of each frame')
    .option('--guidance <number>', 'how closely frames follow their prompts')
    .option('--negative <text>', 'what no frame should show')
    .option('--seed <number>', 'of the noise; random if none is given, and kept')
    .option('--size <WxH>', "pixels, such as 512x512; the model's own without it")
    .option('--model <id>', 'only this model')
    .option('--set <step.parameter=value>', 'change any other parameter of the steps walk and film; may be repeated', collect)
    .option('--fresh', 'draw every frame, without the result cache')
    .option('--detach', 'start it and return at once')
    .option('--cancel-on-interrupt', 'Ctrl-C cancels the walk instead of leaving it')
    .addHelpText('after', examples)
    .action(
      withStudio<WalkFlags>(async ({ client, terminal }, flags, words) => {
        const target = flags.out === undefined ? undefined : await walkTarget(flags.out);
        const run = await startWalk(client, terminal, flags, await readWalk(words, flags, target));
        if (!flags.detach) return finishWalk(client, terminal, flags, run, target);
        terminal.answer(run, () => [`Walk ${run.id} has started.`, `Watch it: atelier runs watch ${run.id}`]);
        return 0;
      }),
    );
}

async function readWalk(words: readonly string[], flags: WalkFlags, target: WalkTarget | undefined): Promise<WalkRun> {
  const points = [];
  for (const word of words) points.push(await readValue(word, 'If it is a prompt that only looks like a path, add another word.'));
  const track = flags.track === undefined ? undefined : await readValue(flags.track);
  return walkRun(points, track, flags, target?.kind === 'film' ? target.format : 'mp4');
}

async function startWalk(client: AtelierClient, terminal: Terminal, flags: WalkFlags, { name, chain, inputs }: WalkRun): Promise<RunView> {
  const set = parseSettings(flags.set ?? [], schemasOf({ chain, resolved: undefined }, []));
  const bars = createBars(terminal);
  const sent = await sendInputs(client, inputs, (file, fraction) => bars.show(`upload ${file}`, fraction, '')).finally(() => bars.stop());
  const request = { name, chain, inputs: sent, set, fresh: flags.fresh === true };
  return client.api.runs.create(request, { context: { idempotencyKey: randomUUID() } });
}

async function finishWalk(client: AtelierClient, terminal: Terminal, flags: WalkFlags, run: RunView, target: WalkTarget | undefined): Promise<ExitCode> {
  const ended = await watchToEnd(client, terminal, flags, run);
  if (typeof ended === 'number') return ended;
  const saved = target && ended.state === 'succeeded' ? await saveWalk(client, ended, target) : undefined;
  const count = saved && saved.files > 1 ? `${saved.files} frames, ` : '';
  terminal.answer({ ...ended, saved: saved ?? null }, () => [
    ...(saved ? [`${saved.path}  ${terminal.paint.dim(`${count}${formatBytes(saved.sizeBytes)}`)}`] : []),
    ...endLines(ended, flags.out, terminal),
  ]);
  return ended.state === 'succeeded' ? 0 : 1;
}
