import { artifactResponse, holdsSound } from '@atelier/artifacts';
import { AtelierError, OutputId } from '@atelier/protocol';
import type { Context } from 'hono';
import type { ReadableOutput } from '../../core/index.ts';
import type { Person } from '../identity/caller.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { createThumbnails } from './thumbnails.ts';

/** What people made may never run as a page of ours: no scripts, no forms, no frames, whatever the bytes say they are. */
const harmless = {
  'content-security-policy': "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** Kinds that a browser shows without running anything in them. */
const shown = /^(image\/(png|jpeg|gif|webp|avif)|audio\/|video\/|text\/plain|application\/json)/;

/** Bytes of outputs and small pictures of them. Permission goes through the output, never through the hash. */
export function addOutputRoutes(routes: RouteTable, { core, artifacts, dataFolder }: Services): void {
  const thumbnails = createThumbnails(artifacts, dataFolder);
  const readable = async (context: Context, person: Person): Promise<ReadableOutput> => {
    const output = await core.readableOutput(person, outputId(context));
    // A copy that was damaged on this disk is brought again by an edge that has a good one.
    if (!(await holdsSound(artifacts, output.hash))) await core.ensureStored(output.hash, context.req.raw.signal);
    return output;
  };
  // Hono answers HEAD by the handler of GET and leaves the body out.
  routes.add('member', 'GET', '/api/outputs/:id/content', async (context, person) => {
    const output = await readable(context, person);
    const asFile = context.req.query('download') === '1' || !shown.test(output.mediaType);
    const disposition = `${asFile ? 'attachment' : 'inline'}; ${fileNameParameters(output.name)}`;
    const mediaType = output.mediaType === 'text/plain' ? `${output.mediaType}; charset=utf-8` : output.mediaType;
    return artifactResponse(artifacts, output.hash, context.req.raw, { mediaType, headers: { ...harmless, 'content-disposition': disposition } });
  });
  routes.add('member', 'GET', '/api/outputs/:id/thumbnail', async (context, person) => {
    const bytes = await thumbnails.of(await readable(context, person), Number(context.req.query('size') ?? 256));
    const headers = { ...harmless, 'content-type': 'image/webp', 'cache-control': 'private, max-age=31536000, immutable' };
    return new Response(new Uint8Array(bytes), { headers });
  });
}

function outputId(context: Context): OutputId {
  const parsed = OutputId.safeParse(context.req.param('id'));
  if (parsed.success) return parsed.data;
  throw new AtelierError('not-found', 'There is no such output.');
}

/** A file name in both forms of RFC 6266: plain ASCII for old readers, UTF-8 for the rest. */
function fileNameParameters(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not reach a header
  const clean = name.replaceAll(/[\u0000-\u001f"\\/]/g, '_').slice(0, 150);
  const ascii = clean.replaceAll(/[^\x20-\x7e]/g, '_');
  const encoded = encodeURIComponent(clean).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  return `filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
