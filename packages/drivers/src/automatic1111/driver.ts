import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AtelierError, type ModelManifest } from '@atelier/protocol';
import { z } from 'zod';
import type { Driver, StepReport, StepRequest, StepResult } from '../driver.ts';
import { onTermination } from '../on-termination.ts';
import { readOptions, refuseTask } from '../step-files.ts';
import { bodyOf } from './request.ts';
import { type Progress, WebUi } from './server.ts';

const Options = z.strictObject({
  /** Such as http://localhost:7860; it comes from the edge owner's own file, so it may lie in the home network. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  /** The checkpoint's title in the web UI; left out, the one that is chosen there. */
  checkpoint: z.string().min(1).optional(),
  /** The environment variable that holds `user:password`, for a server started with --api-auth. */
  credentialsEnv: z.string().regex(/^\w+$/).optional(),
  /** Further fields of the request, as the API document names them. */
  extra: z.record(z.string(), z.unknown()).default({}),
  timeoutSeconds: z.number().positive().max(86_400).default(1800),
});
type Options = z.infer<typeof Options>;

const routes: Readonly<Record<string, 'txt2img' | 'img2img'>> = { 'text-to-image': 'txt2img', 'image-to-image': 'img2img', inpainting: 'img2img' };

/** Draws pictures on a server of AUTOMATIC1111's web UI. */
export const automatic1111: Driver = {
  name: 'automatic1111',
  async load({ manifest }) {
    const options = readOptions(Options, manifest);
    const { baseUrl, timeoutSeconds } = options;
    const server = new WebUi({ baseUrl, timeoutSeconds, credentials: credentialsOf(options, manifest) });
    return { run: (request) => draw(server, options, request), close: async () => undefined };
  },
  describeDevice: async () => ({ device: 'remote', reason: 'The model runs on the server that its options name.' }),
};

/** @throws AtelierError `invalid-input` if the variable is empty */
function credentialsOf({ credentialsEnv }: Options, { id }: ModelManifest): string | undefined {
  if (credentialsEnv === undefined) return undefined;
  const credentials = process.env[credentialsEnv];
  if (credentials) return credentials;
  throw new AtelierError('invalid-input', `The password for ${id} should stand in the environment variable ${credentialsEnv}, which is empty.`, {
    hint: `Set ${credentialsEnv} to user:password where the edge is started.`,
  });
}

async function draw(server: WebUi, { checkpoint, extra }: Options, request: StepRequest): Promise<StepResult> {
  const route = routes[request.task.name] ?? refuseTask('automatic1111', request.task.name);
  const taskId = `task(atelier-${randomUUID()})`;
  const body = await bodyOf(request, { taskId, checkpoint, extra });
  request.report.progress(0, 'waiting');
  const forget = onTermination(() => server.interrupt(taskId));
  const done = new AbortController();
  const followed = follow(server, taskId, request.report, done.signal);
  try {
    const bytes = await server.draw(route, body);
    done.abort();
    await followed;
    const path = join(request.outFolder, 'picture.png');
    await writeFile(path, bytes);
    request.report.progress(1);
    return { image: [{ path, mediaType: 'image/png' }] };
  } finally {
    done.abort();
    forget();
  }
}

const askMs = 500;

/** Passes on how far the server is, until the picture is there. What goes wrong here is no reason to lose the picture. */
async function follow(server: WebUi, taskId: string, report: StepReport, signal: AbortSignal): Promise<void> {
  let reached = 0;
  let lastPreview = -1;
  while (!signal.aborted) {
    const progress = await server.progressOf(taskId, lastPreview).catch(() => null);
    if (progress === null || signal.aborted) return;
    reached = Math.max(reached, Math.min(0.98, progress.progress ?? 0));
    report.progress(reached, progress.queued ? 'waiting for the server' : (progress.textinfo ?? undefined));
    lastPreview = passPreview(progress, report) ?? lastPreview;
    await pause(askMs, undefined, { signal }).catch(() => undefined);
  }
}

function passPreview({ live_preview: preview, id_live_preview: id }: Progress, report: StepReport): number | null | undefined {
  const [, mediaType, base64] = /^data:(image\/(?:png|jpeg|webp));base64,(.+)$/.exec(preview ?? '') ?? [];
  if (mediaType !== undefined && base64 !== undefined) report.preview(mediaType, Buffer.from(base64, 'base64'));
  return id;
}
