import { limits, type ModelManifest, type OutputView } from '@atelier/protocol';
import { z } from 'zod';
import type { Person } from '../identity/caller.ts';
import type { Size } from '../media/index.ts';
import type { Services } from '../services.ts';
import { resolveModel } from './model-names.ts';
import { drawnSize } from './picture-size.ts';
import { countField, seedField, seedOf } from './request.ts';
import { outputBytes, runSingleStep, type SingleStep } from './single-step.ts';

const Side = z.int().min(limits.pictureSideLeast, 'a side has 64 to 4096 pixels').max(limits.pictureSideMost, 'a side has 64 to 4096 pixels');
const Sides = z.object({ width: Side, height: Side });

/** Fields that generations, edits and variations share; forms bring numbers as text. */
export const pictureFields = {
  model: z.string().max(200).nullish(),
  n: z.preprocess((value) => (typeof value === 'string' ? Number(value) : value), countField),
  size: z
    .union([z.literal('auto'), z.string().regex(/^\d{2,4}x\d{2,4}$/, 'write WIDTHxHEIGHT, such as 512x512')])
    .nullish()
    .transform((size) => (size && size !== 'auto' ? { width: Number(size.split('x')[0]), height: Number(size.split('x')[1]) } : undefined))
    .pipe(Sides.optional()),
  response_format: z.enum(['url', 'b64_json']).nullish(),
  output_format: z.enum(['png', 'jpeg', 'webp']).nullish(),
  output_compression: z.coerce.number().int().min(0).max(100).nullish(),
  seed: z.preprocess((value) => (typeof value === 'string' ? Number(value) : value), seedField),
  steps: z.coerce.number().int().nullish(),
  guidance_scale: z.coerce.number().nullish(),
  negative_prompt: z.string().max(2000).nullish(),
};

type Fields = { [K in keyof typeof pictureFields]?: z.infer<(typeof pictureFields)[K]> };

/** What is drawn, `n` times. */
export interface Drawing {
  readonly task: string;
  readonly inputs: SingleStep['inputs'];
  readonly parameters?: Record<string, unknown>;
  readonly fields: Fields;
  /** Whether the task has a width and a height to be set. */
  readonly takesSize: boolean;
}

interface Drawn {
  readonly data: { url: string } | { b64_json: string };
  readonly size: Size;
  readonly drawn: Size;
}

/** Draws pictures, one run for each, so that several edges may draw at once, and answers as OpenAI's image routes do. */
export async function answerPictures(
  services: Services,
  person: Person,
  drawing: Drawing,
  request: { signal: AbortSignal; base: string; headers: Record<string, string> },
): Promise<Response> {
  // One that fails makes the whole answer an error; the others need not go on then.
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, request.signal]);
  const models = await drawingModels(services, drawing);
  try {
    const count = drawing.fields.n ?? 1;
    const pictures = await Promise.all(
      Array.from({ length: count }, (_, index) => onePicture(services, person, drawing, { index, signal, models, base: request.base })),
    );
    const [first] = pictures;
    const write = ({ width, height }: Size) => `${width}x${height}`;
    const about = first ? { size: write(first.size), output_format: drawing.fields.output_format ?? 'png' } : {};
    const headers = { ...request.headers, ...(first ? { 'x-atelier-drawn-size': write(first.drawn) } : {}) };
    return Response.json({ created: Math.floor(Date.now() / 1000), ...about, data: pictures.map(({ data }) => data) }, { headers });
  } catch (thrown) {
    failed.abort();
    throw thrown;
  }
}

/** The model that is asked for, or those that may be chosen. */
async function drawingModels({ core, database }: Services, { task, fields }: Drawing): Promise<ModelManifest[]> {
  const wanted = await resolveModel({ core, database }, fields.model ?? undefined);
  const edges = (await core.edges.list()).filter(({ state }) => state === 'online');
  const offered = edges.flatMap(({ models }) => models.filter(({ state }) => state === 'ready').map(({ manifest }) => manifest));
  return offered.filter(({ id, tasks }) => tasks.includes(task) && (wanted === undefined || id === wanted));
}

interface One {
  readonly index: number;
  readonly signal: AbortSignal;
  readonly models: readonly ModelManifest[];
  readonly base: string;
}

async function onePicture(services: Services, person: Person, drawing: Drawing, { index, signal, models, base }: One): Promise<Drawn> {
  const { fields } = drawing;
  const size = fields.size && drawing.takesSize ? drawnSize(fields.size, models) : undefined;
  const parameters = {
    ...drawing.parameters,
    ...size,
    seed: seedOf(fields.seed, index),
    steps: fields.steps,
    guidanceScale: fields.guidance_scale,
    negativePrompt: fields.negative_prompt,
  };
  const { outputs } = await runSingleStep(
    services,
    person,
    { task: drawing.task, model: fields.model ?? undefined, parameters, inputs: drawing.inputs },
    { signal },
  );
  const picture = outputs.find((output) => output.mediaType.startsWith('image/'));
  if (!picture) throw new Error('The step gave no picture.');
  return asAsked(services, person, picture, { fields, base });
}

/** The picture in the size and kind that were asked for. What is changed becomes an output of its own, which the gallery does not list. */
async function asAsked(services: Services, person: Person, picture: OutputView, { fields, base }: { fields: Fields; base: string }): Promise<Drawn> {
  await services.core.bytes.ensureStored(picture.hash);
  const mediaType = `image/${fields.output_format ?? 'png'}`;
  const wanted = { size: fields.size, mediaType, quality: fields.output_compression ?? undefined };
  const { bytes, size: drawn } = await services.media.fit(await services.artifacts.path(picture.hash), wanted);
  const size = fields.size ?? drawn;
  if (fields.response_format === 'b64_json') {
    const all = bytes ?? (await outputBytes(services, picture, limits.pictureBytes));
    return { data: { b64_json: Buffer.from(all).toString('base64') }, size, drawn };
  }
  const id = bytes === undefined ? picture.id : (await services.uploads.keep(person, bytes, mediaType)).outputId;
  return { data: { url: `${base}/api/outputs/${id}/content` }, size, drawn };
}
