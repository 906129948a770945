import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { artifactResponse } from '@atelier/artifacts';
import { ArtifactHash, AtelierError, JoinRequest, limits, RenewTickets, safeMediaType } from '@atelier/protocol';
import type { Context } from 'hono';
import { useSingleUse } from '../identity/single-use.ts';
import { rateLimit } from '../rate-limit.ts';
import { readJson } from '../read-json.ts';
import type { RouteTable } from '../route-table.ts';
import type { Services } from '../services.ts';
import { edgeSocketPath } from './edge-sockets.ts';

/** Joining, and the bytes that edges bring and fetch. */
export function addEdgeRoutes(routes: RouteTable, services: Services): void {
  const { artifacts, core } = services;
  const renewals = rateLimit(limits.ticketRenewalsPerMinute, 60_000);
  routes.add('public', 'POST', '/api/edge/join', async (context) => Response.json(await join(services, await readJson(context, JoinRequest)), { status: 201 }));
  routes.add('edge', 'GET', edgeSocketPath, () => {
    throw new AtelierError('invalid-input', 'This is a WebSocket.', { hint: 'Connect with: atelier edge --join URL --token TOKEN.' });
  });
  routes.addSocket('edge-key', edgeSocketPath, (upgrade, onKnown) => services.sockets.open(upgrade, onKnown));
  routes.add('edge', 'HEAD', '/api/edge/artifacts/:hash', async (context) => {
    // An edge whose connection broke asks whether its bytes arrived.
    const sizeBytes = await artifacts.size(hashOf(context));
    if (sizeBytes === null) throw new AtelierError('not-found', 'These bytes are not here.');
    return new Response(null, { headers: { 'content-length': String(sizeBytes) } });
  });
  routes.add('edge', 'POST', '/api/edge/tickets', async (context, edge) => {
    renewals.take(edge.edgeId);
    const { token } = await readJson(context, RenewTickets);
    return Response.json({ tickets: await core.edges.renewTickets(edge.edgeId, token) });
  });
  const read = async (context: Context) => {
    const hash = hashOf(context);
    // Relay: where only an edge has them, it brings them here first.
    await core.bytes.ensureStored(hash, context.req.raw.signal);
    return artifactResponse(artifacts, hash, context.req.raw);
  };
  routes.add('ticket', 'GET', '/api/edge/artifacts/:hash', read);
  routes.add('edge', 'PUT', '/api/edge/artifacts/:hash', async (context, edge) => {
    const hash = hashOf(context);
    if (!core.bytes.awaits(edge.edgeId, hash)) throw new AtelierError('forbidden', 'Nobody asked this edge for these bytes.');
    const body = context.req.raw.body;
    if (!body) throw new AtelierError('invalid-input', 'The bytes are missing.');
    const mediaType = context.req.header('content-type');
    const head: Uint8Array[] = [];
    const bytes = withHead(Readable.fromWeb(body as NodeReadableStream<Uint8Array>), head);
    const stored = await artifacts.put(bytes, { expectedHash: hash, maxBytes: limits.uploadBytes, mediaType: safeMediaType(mediaType ?? '') });
    await core.bytes.brought(edge.edgeId, { ...stored, head: Buffer.concat(head) });
    return Response.json(stored, { status: 201 });
  });
}

const headBytes = 4096;

/** Passes bytes on, and keeps the first of them. */
async function* withHead(bytes: AsyncIterable<Uint8Array>, head: Uint8Array[]): AsyncGenerator<Uint8Array> {
  let missing = headBytes;
  for await (const chunk of bytes) {
    if (missing > 0) head.push(Buffer.from(chunk.subarray(0, missing)));
    missing -= chunk.byteLength;
    yield chunk;
  }
}

function hashOf(context: Context): string {
  const parsed = ArtifactHash.safeParse(context.req.param('hash'));
  if (parsed.success) return parsed.data;
  throw new AtelierError('not-found', 'That is no name of an artifact.');
}

async function join({ database, core }: Services, request: JoinRequest) {
  return database.db.transaction(async (tx) => {
    // The token's row stays locked until the edge is known, so two that join with it at once cannot both come in.
    const { createdBy } = await useSingleUse(tx, 'join-edge', request.token, request.name);
    return { edgeId: await core.edges.add({ name: request.name, publicKey: request.publicKey, local: createdBy === null }) };
  });
}
