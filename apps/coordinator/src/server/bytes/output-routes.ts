import { artifactResponse, byteResponse } from '@atelier/artifacts';
import { type Artifact, AtelierError, keptName, OutputId } from '@atelier/protocol';
import type { Context } from 'hono';
import type { StoredOutput } from '../../core/index.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { recipeSource } from './recipe-source.ts';

/** What people made may never run as a page of ours: no scripts, no forms, no frames, whatever the bytes say they are. */
export const harmless = {
  'content-security-policy': "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** A reader may keep it, but has to ask each time whether it is still theirs to see. */
const askAgain = 'private, no-cache';
const forEver = 'private, max-age=31536000, immutable';

/** Kinds that a browser shows without running anything in them. */
const shown = /^(image\/(png|jpeg|gif|webp|avif)|audio\/|video\/|text\/plain|application\/json)/;

/** Bytes of outputs and small pictures of them. Permission goes through the output, never through the hash. */
export function addOutputRoutes(routes: RouteTable, services: Services): void {
  const { gallery } = services.core;
  // Hono answers HEAD by the handler of GET and leaves the body out.
  routes.add('member', 'GET', '/api/outputs/:id/content', async (context, person) => {
    const raw = context.req.query('raw') === '1';
    return sendContent(services, context, await gallery.output(person, outputId(context), { recipe: !raw }), raw ? forEver : askAgain);
  });
  routes.add('member', 'GET', '/api/outputs/:id/thumbnail', async (context, person) =>
    sendThumbnail(services, context, await gallery.output(person, outputId(context), { deleted: true }), forEver),
  );
}

/** The bytes of an output, with its recipe inside where it has one and the request does not want them as they are. */
export async function sendContent(services: Services, context: Context, output: StoredOutput, cacheControl: string): Promise<Response> {
  await bringHere(services, output, context.req.raw.signal);
  const asFile = context.req.query('download') === '1' || !shown.test(output.mediaType);
  const disposition = `${asFile ? 'attachment' : 'inline'}; ${fileNameParameters(output.name)}`;
  const mediaType = output.mediaType === 'text/plain' ? `${output.mediaType}; charset=utf-8` : output.mediaType;
  const headers = { ...harmless, 'content-disposition': disposition, 'cache-control': cacheControl };
  if (output.recipe === null) return artifactResponse(services.artifacts, output.hash, context.req.raw, { mediaType, headers });
  return byteResponse(await recipeSource(services.artifacts, output, output.recipe), context.req.raw, { mediaType, headers });
}

/** A small picture; of a film, of the first picture that it was made from. */
export async function sendThumbnail(services: Services, context: Context, output: StoredOutput, cacheControl: string): Promise<Response> {
  const picture = output.mediaType.startsWith('video/') ? await services.core.gallery.firstPicture(output.id) : output;
  if (picture) await bringHere(services, picture, context.req.raw.signal);
  const bytes = await services.thumbnails.of(picture ?? output, Number(context.req.query('size') ?? 256));
  const headers = { ...harmless, 'content-type': 'image/webp', 'cache-control': cacheControl };
  return new Response(new Uint8Array(bytes), { headers });
}

/** A copy that was damaged on this disk, or never came here, is brought by an edge that has a good one. */
export async function bringHere({ core }: Services, { hash }: Pick<Artifact, 'hash'>, signal: AbortSignal): Promise<void> {
  await core.bytes.ensureStored(hash, signal);
}

export function outputId(context: Context): OutputId {
  const parsed = OutputId.safeParse(context.req.param('id'));
  if (parsed.success) return parsed.data;
  throw new AtelierError('not-found', 'There is no such output.');
}

/** A file name in both forms of RFC 6266: plain ASCII for old readers, UTF-8 for the rest. */
export function fileNameParameters(name: string): string {
  const clean = (keptName(name) ?? 'file').replaceAll(/["\\/]/g, '_');
  const ascii = clean.replaceAll(/[^\x20-\x7e]/g, '_');
  const encoded = encodeURIComponent(clean).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  return `filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
