import { AtelierError, type Chain, cutText, type Keyframe, resolveChain } from '@atelier/protocol';
import type { GivenInput } from '../run/inputs.ts';
import { mediaTypeOfFile } from '../run/media-types.ts';

/** The flags of `atelier walk` that say what is drawn, as they were typed. */
export interface WalkDrawingFlags {
  readonly frames: string;
  readonly fps: string;
  readonly steps?: string;
  readonly guidance?: string;
  readonly seed?: string;
  readonly negative?: string;
  readonly noise?: string;
  readonly easing?: string;
  readonly textPath?: string;
  readonly camera?: string;
  readonly loop?: boolean;
  readonly thereAndBack?: boolean;
  readonly size?: string;
  readonly model?: string;
}

/** A run of a walk: its chain, and the files that have to be uploaded for it by the name of their input. */
export interface WalkRun {
  readonly name: string;
  readonly chain: Chain;
  readonly inputs: Readonly<Record<string, GivenInput>>;
}

/** The names of the steps, as MOMA Lisa's route names them too. */
export const walkStep = 'walk';
export const filmStep = 'film';

/**
 * Makes the chain of a walk: its frames, and a film of them. Everything is checked here, before anything is uploaded.
 * @param points keyframes in order: a text is a prompt, a file a picture
 * @param track a recording that sets the pace
 * @param format of the film
 * @throws AtelierError `invalid-input`, `parameter-out-of-bounds`, `unsupported-media`
 */
export function walkRun(points: readonly GivenInput[], track: GivenInput | undefined, flags: WalkDrawingFlags, format: string): WalkRun {
  if (points.length < 2) {
    throw new AtelierError('invalid-input', `A walk needs at least two keyframes, not ${points.length}.`, {
      hint: 'For example: atelier walk "a red apple" "a green pear" --out walk.gif',
    });
  }
  const inputs: Record<string, GivenInput> = {};
  const keyframes = points.map((point) => keyframeOf(point, inputs));
  const pictures = Object.keys(inputs).map((name) => `inputs.${name}`);
  if (track) inputs.track = requireKind(track, 'audio/', 'a recording, which --track wants');
  const wires: Record<string, string | string[]> = {};
  if (pictures.length > 0) wires.pictures = pictures;
  if (track) wires.audio = 'inputs.track';
  const chain = {
    inputs: Object.fromEntries(Object.keys(inputs).map((name) => [name, { modality: name === 'track' ? ('audio' as const) : ('image' as const) }])),
    steps: [
      {
        id: walkStep,
        task: 'latent-walk',
        ...(flags.model === undefined ? {} : { model: flags.model }),
        parameters: { keyframes, ...walkParameters(flags) },
        inputs: wires,
      },
      { id: filmStep, task: 'frames-to-video', parameters: filmParameters(flags, format), inputs: { frames: `${walkStep}.frames` } },
    ],
  };
  resolveChain(chain);
  return { name: nameOf(points), chain, inputs };
}

function keyframeOf(point: GivenInput, inputs: Record<string, GivenInput>): Keyframe {
  if (point.kind === 'text') return { prompt: point.text.trim() };
  const picture = Object.keys(inputs).length;
  inputs[`picture${picture + 1}`] = requireKind(point, 'image/', 'an image; keyframes are prompts and images');
  return { picture };
}

function requireKind(given: GivenInput, kind: string, what: string): GivenInput {
  if (given.kind === 'file' && mediaTypeOfFile(given.path).startsWith(kind)) return given;
  throw new AtelierError('unsupported-media', `${given.kind === 'file' ? given.path : `"${given.text}"`} is not the file of ${what}.`);
}

function walkParameters(flags: WalkDrawingFlags): Record<string, unknown> {
  return withoutUndefined({
    frames: numberOf('--frames', flags.frames),
    steps: numberOf('--steps', flags.steps),
    guidanceScale: numberOf('--guidance', flags.guidance),
    seed: numberOf('--seed', flags.seed),
    negativePrompt: flags.negative,
    noise: flags.noise,
    easing: flags.easing,
    textPath: flags.textPath,
    loop: flags.loop,
    ...sizeOf(flags.size),
  });
}

function filmParameters({ fps, camera, thereAndBack }: WalkDrawingFlags, format: string): Record<string, unknown> {
  return withoutUndefined({ format, framesPerSecond: numberOf('--fps', fps), camera, thereAndBack });
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(number)) return number;
  throw new AtelierError('invalid-input', `${flag} is a number, not "${text}".`);
}

function sizeOf(size: string | undefined): { width?: number; height?: number } {
  if (size === undefined) return {};
  const match = /^(\d{1,5})(?:x(\d{1,5}))?$/i.exec(size);
  if (match) return { width: Number(match[1]), height: Number(match[2] ?? match[1]) };
  throw new AtelierError('invalid-input', `--size is WIDTHxHEIGHT in pixels, not "${size}".`, { hint: 'For example: --size 512x512.' });
}

function nameOf(points: readonly GivenInput[]): string {
  const words = points.map((point) => (point.kind === 'text' ? point.text.trim() : (point.path.split(/[/\\]/).at(-1) as string)));
  return cutText(words.join(' → '), 200);
}
