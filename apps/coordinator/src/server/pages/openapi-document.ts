import { contract, ErrorView, errorCodes, Joining, JoinReply, JoinRequest, PasswordReset, RenewedTickets, RenewTickets, Welcome } from '@atelier/protocol';
import { OpenAPIGenerator } from '@orpc/openapi';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import { z } from 'zod';
import { contractRoutes } from '../api/orpc-routes.ts';
import { missingRoutes } from '../compatible/missing-routes.ts';

/** A JSON object of the document. Its own types tell 3.0 from 3.1 in ways that help nobody here. */
type Json = Record<string, unknown>;
/** Operations by path and method. */
type Paths = Record<string, Record<string, Json>>;

/** The OpenAPI 3.1 document: the contract's procedures, and by hand what moves bytes or follows another's protocol. */
export async function openApiDocument(version: string): Promise<Json> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  const document = await generator.generate(contract, {
    info: {
      title: 'Atelier',
      version,
      description:
        'Plans and runs generative chains over your machines. Errors of every route carry `code`, `message` and a `hint` that says what to do: ' +
        'procedures send them as `data`, all others as `error`.',
    },
    security: [{ token: [] }, { apiKey: [] }, { session: [] }],
    components: { securitySchemes },
  });
  const paths: Paths = {};
  for (const [path, item] of Object.entries(document.paths ?? {})) paths[`/api${path}`] = item as Record<string, Json>;
  markPolicies(paths);
  return { ...document, servers: [{ url: '/' }], paths: { ...paths, ...otherPaths() } };
}

const securitySchemes = {
  token: { type: 'http' as const, scheme: 'bearer', description: 'An API token, made with `atelier token create` or in the studio.' },
  apiKey: { type: 'apiKey' as const, in: 'header', name: 'x-api-key' },
  session: {
    type: 'apiKey' as const,
    in: 'cookie',
    name: 'atelier.session_token',
    description: 'Set by signing in; changes must come from a page of this server.',
  },
};

function markPolicies(paths: Paths): void {
  for (const { method, path, policy } of contractRoutes()) {
    const operation = paths[`/api${path}`]?.[method.toLowerCase()];
    if (!operation) continue;
    Object.assign(operation, { 'x-policy': policy });
    operation.responses = {
      ...(operation.responses as Json),
      default: { description: errorText, content: { 'application/json': { schema: orpcErrorSchema } } },
    };
  }
}

const errorText = `An error; its code is one of: ${Object.keys(errorCodes).join(', ')}.`;
const errorSchema = jsonSchema(z.object({ error: ErrorView }));
const orpcErrorSchema = jsonSchema(z.object({ defined: z.boolean(), code: z.string(), status: z.number(), message: z.string(), data: ErrorView }));

function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

function otherPaths(): Paths {
  return { ...byteRoutes(), ...peopleRoutes(), ...edgeRoutes(), ...compatibleRoutes() };
}

interface Sketch {
  readonly tag: string;
  readonly summary: string;
  readonly policy: string;
  readonly answer?: string;
  readonly status?: string;
  readonly mediaType?: string;
  readonly body?: Json;
  readonly bodyType?: string;
  readonly parameters?: Json[];
}

function operation(sketch: Sketch): Json {
  const bodyType = sketch.bodyType ?? 'application/json';
  return {
    tags: [sketch.tag],
    summary: sketch.summary,
    ...(sketch.policy === 'public' || sketch.policy === 'ticket' || sketch.policy === 'edge' ? { security: [] } : {}),
    ...(sketch.parameters ? { parameters: sketch.parameters } : {}),
    ...(sketch.body ? { requestBody: { required: true, content: { [bodyType]: { schema: sketch.body } } } } : {}),
    responses: {
      [sketch.status ?? '200']: { description: sketch.answer ?? 'Done', ...(sketch.mediaType ? { content: { [sketch.mediaType]: {} } } : {}) },
      default: { description: errorText, content: { 'application/json': { schema: errorSchema } } },
    },
    ...{ 'x-policy': sketch.policy },
  };
}

const text: Json = { type: 'string' };
const inPath = (name: string): Json => ({ name, in: 'path', required: true, schema: text });
const inQuery = (name: string, description: string): Json => ({ name, in: 'query', description, schema: text });
const anyObject: Json = { type: 'object', additionalProperties: true };

function byteRoutes(): Paths {
  const uploads = { tag: 'Uploads', policy: 'member' };
  const spoken = { tag: 'Uploads', policy: 'public' };
  const id = [inPath('id')];
  return {
    '/api/uploads': {
      options: operation({ ...spoken, summary: 'What is spoken of tus: version, extensions, largest size', status: '204' }),
      post: operation({ ...uploads, summary: 'Begin a resumable upload (tus 1.0)', status: '201', answer: 'Its address stands in Location' }),
    },
    '/api/uploads/{id}': {
      options: operation({ ...spoken, parameters: id, summary: 'The same', status: '204' }),
      post: operation({ ...uploads, parameters: id, summary: 'HEAD, PATCH or DELETE, as X-HTTP-Method-Override says (tus 1.0)', status: '204' }),
      head: operation({ ...uploads, parameters: id, summary: 'How many bytes have arrived (tus 1.0)' }),
      patch: operation({ ...uploads, parameters: id, summary: 'Send more bytes (tus 1.0); after the last, the file is checked', status: '204' }),
      delete: operation({ ...uploads, parameters: id, summary: 'Give an unfinished upload up (tus 1.0)', status: '204' }),
    },
    '/api/outputs/{id}/content': {
      get: operation({
        tag: 'Runs',
        policy: 'member',
        summary: 'The bytes of an output, whole or a range, with its recipe inside where it has one',
        parameters: [...id, inQuery('raw', '1 gives the bytes that its hash names'), inQuery('download', '1 saves it as a file')],
        mediaType: '*/*',
      }),
    },
    '/api/outputs/{id}/thumbnail': {
      get: operation({
        tag: 'Runs',
        policy: 'member',
        summary: 'A thumbnail of an image, or of the first frame of a video',
        parameters: [...id, inQuery('size', 'Pixels of its longer side: 64, 128, 256, 512 or 1024')],
        mediaType: 'image/webp',
      }),
    },
    ...galleryRoutes(),
    '/api/examples/files/{name}': {
      get: operation({ tag: 'Tasks', policy: 'member', summary: 'A file of an example', parameters: [inPath('name')], mediaType: '*/*' }),
    },
  };
}

function galleryRoutes(): Paths {
  const shown = { tag: 'Gallery', policy: 'public', parameters: [inPath('id')] };
  return {
    '/api/public/outputs/{id}/content': { get: operation({ ...shown, summary: 'The bytes of a public item', mediaType: '*/*' }) },
    '/api/public/outputs/{id}/thumbnail': { get: operation({ ...shown, summary: 'A thumbnail of a public item', mediaType: 'image/webp' }) },
    '/api/runs/{id}/steps/{stepId}/frames.zip': {
      get: operation({
        tag: 'Runs',
        policy: 'member',
        summary: 'All values of a step, in order, as a zip',
        parameters: [
          inPath('id'),
          inPath('stepId'),
          inQuery('partial', '1 gives those that are there already'),
          inQuery('port', 'an output of the step; the one with the most values otherwise'),
        ],
        mediaType: 'application/zip',
      }),
    },
    '/api/runs/{id}/results.zip': {
      get: operation({
        tag: 'Runs',
        policy: 'member',
        summary: 'All results of a run, each with its recipe, as a zip; without single frames of videos and what was deleted',
        parameters: [inPath('id')],
        mediaType: 'application/zip',
      }),
    },
    ...Object.fromEntries(['/predict', '/predict/'].map((path) => [path, { get: predict }])),
  };
}

const predict = operation({
  tag: 'Runs',
  policy: 'member',
  summary: 'A video of the way from one word to another, as a GIF; with Accept: application/json the run that makes it (202). Public with --public-predict',
  parameters: [
    inQuery('word1', 'where it begins, 1 to 200 characters'),
    inQuery('word2', 'where it ends'),
    inQuery('frames', '2 to 60; 4 if left out'),
    inQuery('fps', 'frames per second, 0.5 to 60; 8 if left out'),
    inQuery('steps', 'of each frame'),
  ],
  mediaType: 'image/gif',
});

function peopleRoutes(): Paths {
  const person = { tag: 'People', policy: 'public' };
  const credentials = jsonSchema(z.object({ email: z.email(), password: z.string(), rememberMe: z.boolean().optional() }));
  return {
    '/livez': { get: operation({ tag: 'Health', policy: 'public', summary: 'The server answers' }) },
    '/healthz': { get: operation({ tag: 'Health', policy: 'public', summary: 'Chains can run; 503 with what is missing otherwise' }) },
    '/api/welcome': { post: operation({ ...person, summary: 'Become the first owner with the one-time code', body: jsonSchema(Welcome), status: '201' }) },
    '/api/join': { post: operation({ ...person, summary: 'Accept an invitation; the answer sets a cookie', body: jsonSchema(Joining), status: '201' }) },
    '/api/password-reset': {
      post: operation({ ...person, summary: 'Take a new password by a link; the answer sets a cookie', body: jsonSchema(PasswordReset), status: '201' }),
    },
    '/api/auth/sign-in/email': { post: operation({ ...person, summary: 'Sign in; the answer sets a cookie', body: credentials }) },
    '/api/auth/sign-out': { post: operation({ ...person, summary: 'Sign out' }) },
    '/api/auth/get-session': { get: operation({ ...person, summary: 'The session and its user, or null' }) },
  };
}

function edgeRoutes(): Paths {
  const hash = [inPath('hash')];
  return {
    '/api/edge/join': {
      post: {
        ...operation({ tag: 'Edges', policy: 'public', summary: 'Join with a single-use token', body: jsonSchema(JoinRequest), status: '201' }),
        ...replies(JoinReply),
      },
    },
    '/api/watch': {
      get: operation({ tag: 'Runs', policy: 'member', summary: 'The WebSocket over which a page watches all of its runs', status: '101' }),
    },
    '/api/edge/socket': { get: operation({ tag: 'Edges', policy: 'edge', summary: 'The WebSocket of an edge; it proves its key first', status: '101' }) },
    '/api/edge/tickets': {
      post: {
        ...operation({ tag: 'Edges', policy: 'edge', summary: 'New transfer tickets for one past its time', body: jsonSchema(RenewTickets) }),
        ...replies(RenewedTickets),
      },
    },
    '/api/edge/artifacts/{hash}': {
      head: operation({ tag: 'Edges', policy: 'edge', summary: 'Whether bytes have arrived', parameters: hash }),
      get: operation({ tag: 'Edges', policy: 'ticket', summary: 'Bytes that a transfer ticket names', parameters: hash, mediaType: '*/*' }),
      put: operation({
        tag: 'Edges',
        policy: 'edge',
        summary: 'Bytes that the coordinator asked for',
        parameters: hash,
        body: { type: 'string', format: 'binary' },
        bodyType: '*/*',
        status: '201',
      }),
    },
  };
}

function replies(schema: z.ZodType): Json {
  return { responses: { '201': { description: 'Joined', content: { 'application/json': { schema: jsonSchema(schema) } } } } };
}

function compatibleRoutes(): Paths {
  const like = { tag: 'OpenAI-compatible', policy: 'member' };
  const form = { ...like, body: anyObject, bodyType: 'multipart/form-data' };
  return {
    '/v1/models': { get: operation({ ...like, summary: 'Models that some edge offers' }) },
    '/v1/models/{id}': { get: operation({ ...like, summary: 'One model', parameters: [inPath('id')] }) },
    '/v1/chat/completions': { post: operation({ ...like, summary: 'An answer to messages, streamed with stream: true', body: anyObject }) },
    '/v1/completions': { post: operation({ ...like, summary: 'Texts that are continued, streamed with stream: true', body: anyObject }) },
    '/v1/responses': { post: operation({ ...like, summary: 'An answer as a response, streamed with stream: true', body: anyObject }) },
    '/v1/images/generations': { post: operation({ ...like, summary: 'Images of a prompt', body: anyObject }) },
    '/v1/images/edits': { post: operation({ ...form, summary: 'The masked part of an image drawn again' }) },
    '/v1/images/variations': { post: operation({ ...form, summary: 'Images like an image' }) },
    '/v1/audio/transcriptions': { post: operation({ ...form, summary: 'What is said in a recording' }) },
    ...Object.fromEntries(
      Object.entries(missingRoutes).map(([path, what]) => [path, { post: operation({ ...like, summary: `Not found: no model here ${what}` }) }]),
    ),
  };
}
