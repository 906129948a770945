import { limits, type OutputId } from '@atelier/protocol';
import type { Context } from 'hono';
import { z } from 'zod';
import { dialledUrl } from '../dialled-url.ts';
import type { Person } from '../identity/caller.ts';
import type { Services } from '../services.ts';
import { ignoredHeader } from './fields.ts';
import { readForm, takeFile } from './form.ts';
import { answerPictures, type Drawing, pictureFields } from './pictures.ts';
import { checked, readRequest } from './request.ts';

const Prompt = z.string().min(1).max(limits.textBytes);
const Generation = z.object({ ...pictureFields, prompt: Prompt });
const strength = z.coerce.number().nullish();
const Edit = z.object({ ...pictureFields, prompt: Prompt, strength });
const Variation = z.object({ ...pictureFields, prompt: Prompt.default('the same image, a little different'), strength });

/** `POST /v1/images/generations`. */
export async function generateImages(services: Services, person: Person, context: Context): Promise<Response> {
  const { request, without } = await readRequest(context, 'POST /v1/images/generations', Generation);
  const drawing = { task: 'text-to-image', inputs: { prompt: { text: request.prompt } }, fields: request, takesSize: true };
  return answer(services, person, context, { drawing, without });
}

/** `POST /v1/images/edits`, multipart: the masked part of a picture, or without a mask all of it, drawn again as a text says. */
export async function editImage(services: Services, person: Person, context: Context): Promise<Response> {
  const { fields, files } = await readForm(context, { needed: ['image'], optional: ['mask'] });
  const { request, without } = checked('POST /v1/images/edits', Edit, fields);
  const image = await takeFile(services, person, files.image);
  const given = files.mask && (await takeFile(services, person, files.mask));
  const { artifacts, media } = services;
  const mask = await media.editMask(await artifacts.path(image.hash), given && (await artifacts.path(given.hash)));
  const inputs = { image: asInput(image), prompt: { text: request.prompt } };
  const more = { parameters: { strength: request.strength }, fields: request };
  const drawing: Drawing = mask
    ? { task: 'inpainting', inputs: { ...inputs, mask: asInput(await services.uploads.keep(person, mask, 'image/png')) }, ...more, takesSize: false }
    : { task: 'image-to-image', inputs, ...more, takesSize: true };
  return answer(services, person, context, { drawing, without });
}

/** `POST /v1/images/variations`, multipart. */
export async function varyImage(services: Services, person: Person, context: Context): Promise<Response> {
  const { fields, files } = await readForm(context, { needed: ['image'] });
  const { request, without } = checked('POST /v1/images/variations', Variation, fields);
  const inputs = { image: asInput(await takeFile(services, person, files.image)), prompt: { text: request.prompt } };
  const drawing = { task: 'image-to-image', inputs, parameters: { strength: request.strength }, fields: request, takesSize: true };
  return answer(services, person, context, { drawing, without });
}

const asInput = ({ outputId }: { readonly outputId: OutputId }) => ({ outputId });

function answer(
  services: Services,
  person: Person,
  context: Context,
  { drawing, without }: { drawing: Drawing; without: readonly string[] },
): Promise<Response> {
  const base = dialledUrl(context.req.raw.headers, services.url);
  return answerPictures(services, person, drawing, { signal: context.req.raw.signal, base, headers: ignoredHeader(without) });
}
