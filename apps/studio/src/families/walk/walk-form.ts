import {
  type Chain,
  type ChainInput,
  findTask,
  type Keyframe,
  newId,
  type OutputId,
  type RunView,
  type Source,
  type StepView,
  shortened,
} from '@atelier/protocol';
import type { client } from '../../api/client.ts';

type NewRun = Parameters<typeof client.runs.create>[0];

/** Bytes that the form refers to: an upload, or a result of an earlier run. */
export interface GivenFile {
  readonly outputId: OutputId;
  /** SHA-256, by which frames of an earlier walk are known again; absent for a result that was only named. */
  readonly hash?: string;
  readonly name: string;
}

/** A point of the way, as it is written in the form. */
export interface KeyframeDraft {
  /** Names the card while the form is open; says nothing of the walk. */
  readonly key: string;
  readonly prompt: string;
  readonly picture: GivenFile | null;
  readonly seed?: number | undefined;
  readonly frames?: number | undefined;
}

/** All that a walk is made from. Parameters hold only what was chosen; the rest is at its default. */
export interface WalkForm {
  readonly keyframes: readonly KeyframeDraft[];
  /** Of `latent-walk`, but for its keyframes. */
  readonly walk: Readonly<Record<string, unknown>>;
  /** Of `frames-to-video`. */
  readonly film: Readonly<Record<string, unknown>>;
  readonly track: GivenFile | null;
  /** Only this model, so that frames of an earlier walk stay valid. */
  readonly model?: string | undefined;
}

export const walkStep = 'walk';
export const filmStep = 'film';

export const keyframe = (prompt = '', more: Partial<KeyframeDraft> = {}): KeyframeDraft => ({ key: newId(), prompt, picture: null, ...more });

/** What stands in the form at first: a walk that can be made at once. */
export const firstForm = (): WalkForm => ({ keyframes: [keyframe('a red apple'), keyframe('a green pear')], walk: {}, film: {}, track: null });

/** The pictures of a form, each once, in the order in which keyframes name them. */
export function picturesOf(form: Pick<WalkForm, 'keyframes'>): GivenFile[] {
  const pictures = new Map(form.keyframes.flatMap(({ picture }) => (picture ? [[picture.outputId, picture]] : [])));
  return [...pictures.values()];
}

/** The keyframes as the task takes them. */
export function keyframesOf(form: Pick<WalkForm, 'keyframes'>): Keyframe[] {
  const pictures = picturesOf(form).map(({ outputId }) => outputId);
  return form.keyframes.map(({ prompt, picture, seed, frames }) => ({
    ...(prompt.trim() === '' ? {} : { prompt: prompt.trim() }),
    ...(picture ? { picture: pictures.indexOf(picture.outputId) } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(frames === undefined ? {} : { frames }),
  }));
}

/** "a red apple → a green pear"; a keyframe without words is called by its picture. */
export function nameOf(form: Pick<WalkForm, 'keyframes'>): string {
  const names = form.keyframes.map(({ prompt, picture }) => prompt.trim() || (picture ? 'an image' : '…'));
  const name = names.join(' → ');
  return shortened(name, 120);
}

/** What is sent to make the walk and its film. */
export function requestOf(form: WalkForm): Pick<NewRun, 'chain' | 'inputs' | 'name'> {
  const pictures = picturesOf(form);
  const names = pictures.map((_, index) => `picture${index + 1}`);
  const inputs: Record<string, ChainInput> = Object.fromEntries(names.map((name) => [name, { modality: 'image' as const }]));
  if (form.track) inputs.track = { modality: 'audio' };
  const wires: Record<string, Source | Source[]> = {
    ...(names.length > 0 ? { pictures: names.map((name) => `inputs.${name}`) } : {}),
    ...(form.track ? { audio: 'inputs.track' } : {}),
  };
  const walk = { id: walkStep, task: 'latent-walk', parameters: { ...form.walk, keyframes: keyframesOf(form) }, inputs: wires };
  const chain: Chain & NewRun['chain'] = {
    name: nameOf(form),
    inputs,
    steps: [
      form.model === undefined ? walk : { ...walk, model: form.model },
      { id: filmStep, task: 'frames-to-video', parameters: form.film, inputs: { frames: `${walkStep}.frames` } },
    ],
  };
  const values = [...names.map((name, index) => [name, pictures[index]] as const), ...(form.track ? [['track', form.track] as const] : [])];
  return { chain, name: nameOf(form), inputs: Object.fromEntries(values.map(([name, file]) => [name, { outputId: file?.outputId as OutputId }])) };
}

/** The step of a run that draws a walk's frames, and the one that makes their film. */
export const walkOf = (run: Pick<RunView, 'steps'>): StepView | undefined => run.steps.find((step) => step.task === 'latent-walk');
export const filmOf = (run: Pick<RunView, 'steps'>): StepView | undefined => run.steps.find((step) => step.task === 'frames-to-video');

/** The form that a run was made from, to change or lengthen it: with the seeds that were drawn, so that its frames stay valid. */
export function formOf(run: Pick<RunView, 'chain' | 'inputs' | 'steps'>): WalkForm {
  const planned = run.chain.steps.find((step) => step.task === 'latent-walk');
  const { keyframes = [], ...walk } = (walkOf(run)?.parameters ?? planned?.parameters ?? {}) as { keyframes?: Keyframe[] } & Record<string, unknown>;
  const texts = (planned?.inputs.prompts ?? []).map((source) => textBehind(run, source));
  const pictures = (planned?.inputs.pictures ?? []).map((source) => fileBehind(run, source));
  const track = planned?.inputs.audio?.[0];
  const model = walkOf(run)?.offer?.modelId ?? planned?.model;
  return {
    keyframes: keyframes.map(({ prompt, text, picture, seed, frames }) =>
      keyframe(prompt ?? (text === undefined ? '' : (texts[text] ?? '')), {
        picture: picture === undefined ? null : (pictures[picture] ?? null),
        ...(seed === undefined ? {} : { seed }),
        ...(frames === undefined ? {} : { frames }),
      }),
    ),
    walk: chosen('latent-walk', walk),
    film: chosen('frames-to-video', filmOf(run)?.parameters ?? {}),
    track: track === undefined ? null : fileBehind(run, track),
    ...(model === undefined ? {} : { model }),
  };
}

function textBehind(run: Pick<RunView, 'inputs'>, source: Source): string {
  if (typeof source !== 'string') return source.text;
  return run.inputs.find(({ name }) => `inputs.${name}` === source)?.text ?? '';
}

function fileBehind(run: Pick<RunView, 'inputs' | 'steps'>, source: Source): GivenFile | null {
  if (typeof source !== 'string') return null;
  const input = run.inputs.find(({ name }) => `inputs.${name}` === source);
  if (input) return { outputId: input.outputId, hash: input.hash, name: input.name };
  const [stepId, port] = source.split('.');
  const output = run.steps.find(({ id }) => id === stepId)?.outputs.find((one) => one.port === port);
  return output ? { outputId: output.id, hash: output.hash, name: `${stepId}` } : null;
}

/** Parameters that differ from their defaults. */
function chosen(task: string, parameters: Record<string, unknown>): Record<string, unknown> {
  const standard = findTask(task).parameters.partial().parse({}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(parameters).filter(([name, value]) => JSON.stringify(standard[name]) !== JSON.stringify(value)));
}
