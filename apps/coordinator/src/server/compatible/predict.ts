import { AtelierError, type NewRun, type OutputView, type RunView } from '@atelier/protocol';
import type { Context } from 'hono';
import { z } from 'zod';
import { asAnswer, errorResponse } from '../api/answer-error.ts';
import { sendContent } from '../bytes/output-routes.ts';
import type { Caller, Person } from '../identity/caller.ts';
import { installationOwner } from '../identity/local-owner.ts';
import { type RateLimit, rateLimit, remoteAddress } from '../rate-limit.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';

/** The same noise each time, as MOMA Lisa did, so that the same two words are answered from what was drawn before. */
const seed = 99;

const word = z.string().trim().min(1, 'give one').max(200, 'at most 200 characters');

/** What a page may ask for. Everything is text in a query. */
const Query = z.object({
  word1: word,
  word2: word,
  frames: z.coerce.number().int().min(2).max(60).default(4),
  fps: z.coerce.number().min(0.5).max(60).default(8),
  steps: z.coerce.number().int().min(1).max(150).optional(),
});
type Query = z.infer<typeof Query>;

const anyOrigin = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
const perMinute = { each: 6, all: 30 };
/** Runs of the owner that are open while strangers may still ask for another: they must not keep the owner from their own. */
const mostOpen = 20;

/** Whose a film is. */
interface Payer {
  readonly id: string;
  readonly role: Person['role'];
  readonly priority: number;
}

/**
 * MOMA Lisa's own route: two words, and a film of the way from one to the other as a GIF; with `Accept: application/json`
 * at once the run that makes it. For members, or for anybody where the installation was started with `--public-predict`.
 */
export function addPredictRoute(routes: RouteTable, services: Services): void {
  if (!services.publicPredict) {
    for (const path of ['/predict', '/predict/']) routes.add('member', 'GET', path, (context, person) => predict(services, context, atHome(context, person)));
    return;
  }
  const limits = { each: rateLimit(perMinute.each, 60_000), all: rateLimit(perMinute.all, 60_000) };
  const answer = async (context: Context, caller: Caller) => predict(services, context, await whoPays(services, context, caller, limits));
  for (const path of ['/predict', '/predict/']) {
    routes.add(
      'public',
      'GET',
      path,
      async (context, caller) => withHeaders(await answer(context, caller), anyOrigin),
      (thrown) => withHeaders(errorResponse(asAnswer(thrown)), anyOrigin),
    );
  }
}

/** Runs of strangers are the owner's, few, and begin after the owner's own. */
async function whoPays({ database }: Services, context: Context, caller: Caller, limits: { each: RateLimit; all: RateLimit }): Promise<Payer> {
  // What a page of another site asks for is nobody's own wish: it is a stranger's.
  if (caller.kind === 'person' && !isFromElsewhere(context)) return ownPayer(caller);
  limits.each.take(remoteAddress(context));
  limits.all.take('everybody');
  const id = await installationOwner(database);
  const { rows } = await database.pool.query("SELECT count(*)::int AS open FROM runs WHERE user_id = $1 AND state IN ('planning', 'running', 'paused')", [id]);
  if (rows[0].open >= mostOpen) throw new AtelierError('rate-limited', 'Too many videos are waiting already.', { hint: 'Try again in some minutes.' });
  return { id, role: 'owner', priority: -1 };
}

/** @throws AtelierError `forbidden` if a page of another site asks in a member's name */
function atHome(context: Context, person: Person): Payer {
  if (!isFromElsewhere(context)) return ownPayer(person);
  throw new AtelierError('forbidden', 'A page of another site may not draw in your name.', {
    hint: 'Open the address by itself, or ask with an API token from a program.',
  });
}

/** A browser says so (W3C Fetch Metadata); programs send nothing of it. Sites of one machine that differ in their port are "same-site" to it, and as strange. */
function isFromElsewhere(context: Context): boolean {
  return ['cross-site', 'same-site'].includes(context.req.header('sec-fetch-site') ?? 'none');
}

const ownPayer = ({ id, role }: Person): Payer => ({ id, role, priority: 0 });

async function predict(services: Services, context: Context, viewer: Payer): Promise<Response> {
  const { core } = services;
  const query = readQuery(context);
  // A look at the headers is answered by the handler of GET (RFC 9110, section 9.3.2), and makes nothing.
  if (context.req.raw.method === 'HEAD') return new Response(null, { headers: { 'content-type': 'image/gif' } });
  const run = await core.runs.create(viewer, asRun(query, viewer.priority), {});
  const accept = context.req.header('accept') ?? '*/*';
  if (accept.includes('application/json') && !accept.includes('image/')) return Response.json(asTicket(run, context), { status: 202 });
  // Whoever goes away leaves the run as it is: the next one who asks finds it done.
  const signal = context.req.raw.signal;
  for await (const event of core.runs.watch(viewer, run.id, signal)) if (event.kind === 'ended') break;
  if (signal.aborted) throw new AtelierError('cancelled', 'Nobody waits for the answer any more.');
  const film = filmOf(await core.runs.get(viewer, run.id));
  return sendContent(services, context, await core.gallery.output(viewer, film.id, { recipe: true }), 'private, no-cache');
}

function readQuery(context: Context): Query {
  const parsed = Query.safeParse(context.req.query());
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AtelierError('invalid-input', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}.`, {
    hint: 'Ask for /predict/?word1=apple&word2=pear, with frames from 2 to 60 and fps from 0.5 to 60.',
    cause: parsed.error,
  });
}

function asRun({ word1, word2, frames, fps, steps }: Query, priority: number): NewRun {
  const parameters = { keyframes: [{ prompt: word1 }, { prompt: word2 }], frames, seed, ...(steps === undefined ? {} : { steps }) };
  const chain: NewRun['chain'] = {
    inputs: {},
    steps: [
      { id: 'walk', task: 'latent-walk', parameters, inputs: {} },
      { id: 'film', task: 'frames-to-video', parameters: { format: 'gif', framesPerSecond: fps }, inputs: { frames: 'walk.frames' } },
    ],
  };
  return { name: `${word1} to ${word2}`, chain, inputs: {}, set: {}, priority, fresh: false };
}

/** Where to look for what comes of it. `gif` waits for the film and answers with it. */
function asTicket({ id, state }: RunView, context: Context) {
  const url = new URL(context.req.url);
  const at = `/api/runs/${id}`;
  return { id, state, links: { run: at, events: `${at}/events`, frames: `${at}/steps/walk/frames.zip`, gif: `${url.pathname}${url.search}` } };
}

function filmOf(run: RunView): OutputView {
  const film = run.steps.find((step) => step.id === 'film')?.outputs[0];
  if (film) return film;
  const error = run.error ?? run.steps.find((step) => step.error)?.error;
  if (error) throw AtelierError.from(error);
  throw new AtelierError('cancelled', 'Somebody stopped the run.');
}

function withHeaders(response: Response, more: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
  return response;
}
