import { limits } from '@atelier/protocol';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Person } from '../identity/caller.ts';
import { readJson } from '../read-json.ts';
import type { Services } from '../services.ts';
import { outputBytes, runSingleStep, type SingleStep } from './single-step.ts';

/** `seed`, `steps`, `guidance_scale` and `negative_prompt` are ours; the rest is OpenAI's. */
const ImagesRequest = z.object({
  prompt: z.string().min(1).max(limits.textBytes),
  model: z.string().max(200).nullish(),
  n: z.int().min(1).max(10).nullish(),
  size: z.union([z.literal('auto'), z.string().regex(/^\d{2,4}x\d{2,4}$/, 'write WIDTHxHEIGHT, such as 512x512')]).nullish(),
  response_format: z.enum(['url', 'b64_json']).nullish(),
  seed: z.int().nullish(),
  steps: z.int().nullish(),
  guidance_scale: z.number().nullish(),
  negative_prompt: z.string().nullish(),
});
type ImagesRequest = z.infer<typeof ImagesRequest>;

/** `POST /v1/images/generations`: one run for each of `n` pictures, so that they may be drawn on several edges at once. */
export async function generateImages(services: Services, person: Person, context: Context): Promise<Response> {
  const request = await readJson(context, ImagesRequest, 2 * limits.textBytes);
  const count = request.n ?? 1;
  // One that fails makes the whole answer an error; the others need not go on then.
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, context.req.raw.signal]);
  try {
    const base = `http://${context.req.header('host')}`;
    const data = await Promise.all(Array.from({ length: count }, (_, index) => onePicture(services, person, { request, index, signal, base })));
    return Response.json({ created: Math.floor(Date.now() / 1000), data });
  } catch (thrown) {
    failed.abort();
    throw thrown;
  }
}

interface Picture {
  readonly request: ImagesRequest;
  readonly index: number;
  readonly signal: AbortSignal;
  readonly base: string;
}

async function onePicture(services: Services, person: Person, { request, index, signal, base }: Picture): Promise<{ b64_json: string } | { url: string }> {
  const { outputs } = await runSingleStep(services, person, asStep(request, index), { signal });
  const picture = outputs.find((output) => output.mediaType.startsWith('image/'));
  if (!picture) throw new Error('The step gave no picture.');
  if (request.response_format === 'b64_json') return { b64_json: (await outputBytes(services, picture)).toString('base64') };
  return { url: `${base}/api/outputs/${picture.id}/content` };
}

function asStep(request: ImagesRequest, index: number): SingleStep {
  const [width, height] = request.size && request.size !== 'auto' ? request.size.split('x').map(Number) : [];
  const seed = typeof request.seed === 'number' ? (request.seed + index) % 2 ** 32 : undefined;
  const parameters = {
    width,
    height,
    seed,
    steps: request.steps ?? undefined,
    guidanceScale: request.guidance_scale ?? undefined,
    negativePrompt: request.negative_prompt ?? undefined,
  };
  return { task: 'text-to-image', model: request.model ?? undefined, parameters, input: { text: request.prompt } };
}
