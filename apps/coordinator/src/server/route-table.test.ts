import { request } from 'node:http';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { joinEdge, openEdge, type SocketEdge, type TestCoordinator, testCoordinator } from './coordinator.test-support.ts';
import { createRouteTable, type Gates, type RouteInfo, type SocketGates } from './route-table.ts';

let coordinator: TestCoordinator;
let edge: SocketEdge;
let routes: RouteInfo[];
let member: string;
let guest: string;
let expired: string;
let revoked: string;
let hisUpload: string;

beforeAll(async () => {
  coordinator = await testCoordinator();
  edge = await openEdge(coordinator, await joinEdge(coordinator, 'Visitor'), []);
  routes = coordinator.listRoutes();
  member = (await coordinator.person('member')).token;
  guest = (await coordinator.person('guest')).token;
  expired = (await coordinator.person('owner', { expiresAt: new Date(Date.now() - 1000) })).token;
  const gone = await coordinator.person('owner');
  const [own] = await (await coordinator.call('/api/tokens', { token: gone.token })).json();
  await coordinator.call(`/api/tokens/${own.id}`, { method: 'DELETE', token: gone.token });
  revoked = gone.token;
  const other = await coordinator.person('member');
  const begun = await coordinator.call('/api/uploads', { method: 'POST', token: other.token, headers: { 'tus-resumable': '1.0.0', 'upload-length': '5' } });
  hisUpload = begun.headers.get('location')?.split('/').at(-1) ?? '';
});
afterAll(async () => {
  await edge.close();
  await coordinator.close();
});

/** Tus asks for its version before anything else. */
const headers = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
const unknownId = '01990000-0000-7000-8000-000000000000';

function filled(path: string, id = unknownId): string {
  return path.replace(':hash', 'a'.repeat(64)).replace(':modelId', 'nothing').replace(':stepId', 'nothing').replace(/:\w+/g, id).replace('/*', '/somewhere');
}

/** What is refused without a body before anything is looked up. */
const bodies: Readonly<Record<string, string>> = { '/api/runs/:id/steps/:stepId/control': '{"kind":"size","value":{}}' };

/** Ends the body at once, so that event streams do not keep the test. */
async function statusOf(route: RouteInfo, token: string | undefined, id?: string, shown: Record<string, string> = {}): Promise<number> {
  const body = ['POST', 'PUT', 'PATCH'].includes(route.method) ? (bodies[route.path] ?? '{}') : undefined;
  const own = route.path.startsWith('/api/uploads') ? headers : { 'content-type': 'application/json' };
  const answer = await coordinator.call(filled(route.path, id), {
    method: route.method,
    headers: { ...own, ...shown },
    ...(token ? { token } : {}),
    ...(body ? { body } : {}),
  });
  await answer.body?.cancel();
  return answer.status;
}

/** All but WebSockets, which have a test of their own below. */
const requests = () => routes.filter((route) => !route.socket);
const closed = () => requests().filter((route) => route.policy !== 'public');

test('there are routes of every policy, and only known ones are public', () => {
  expect(new Set(requests().map((route) => route.policy))).toEqual(new Set(['public', 'guest', 'member', 'owner', 'edge', 'ticket']));
  const open = routes.filter((route) => route.policy === 'public').map((route) => `${route.method} ${route.path}`);
  expect(open.sort()).toEqual([
    'GET /*',
    'GET /api/auth/get-session',
    'GET /api/openapi.json',
    'GET /api/public/gallery',
    'GET /api/public/outputs/:id/content',
    'GET /api/public/outputs/:id/thumbnail',
    'GET /docs',
    'GET /docs/:file',
    'GET /docs/start.js',
    'GET /healthz',
    'GET /livez',
    'OPTIONS /api/uploads',
    'OPTIONS /api/uploads/:id',
    'POST /api/auth/sign-in/email',
    'POST /api/auth/sign-out',
    'POST /api/edge/join',
    'POST /api/invitations/offer',
    'POST /api/join',
    'POST /api/password-reset',
    'POST /api/password-reset/offer',
    'POST /api/welcome',
  ]);
});

test('without a token, with an expired, a revoked or an invented one nothing but public routes answers', async () => {
  for (const token of [undefined, expired, revoked, 'atl_invented', 'ate_invented', 'nonsense']) {
    for (const route of closed()) expect([route.method, route.path, token, await statusOf(route, token)]).toEqual([route.method, route.path, token, 401]);
  }
});

test("an edge's token opens edges' routes only", async () => {
  for (const route of closed()) {
    const status = await statusOf(route, undefined, undefined, await edge.shows(route.method, filled(route.path)));
    if (route.policy === 'edge') expect([401], `${route.method} ${route.path}`).not.toContain(status);
    else expect([401, 403], `${route.method} ${route.path}`).toContain(status);
  }
});

test("an edge's token opens nothing without a proof of its key, or with that of another request", async () => {
  for (const route of closed()) {
    expect([route.path, await statusOf(route, edge.sessionToken)]).toEqual([route.path, 401]);
    if (route.policy !== 'edge') continue;
    const { authorization, dpop } = await edge.shows(route.method, filled(route.path));
    expect([route.path, await statusOf(route, undefined, undefined, { authorization: authorization as string })]).toEqual([route.path, 401]);
    const other = await edge.shows(route.method, '/api/edge/other');
    expect([route.path, await statusOf(route, undefined, undefined, other)]).toEqual([route.path, 401]);
    const twice = { authorization: authorization as string, dpop: dpop as string };
    await statusOf(route, undefined, undefined, twice);
    expect([route.path, await statusOf(route, undefined, undefined, twice)]).toEqual([route.path, 401]);
  }
});

test('each role opens the routes that ask for it or for less, and no other', async () => {
  const opens = { guest: ['guest'], member: ['guest', 'member'], owner: ['guest', 'member', 'owner'] } as const;
  const tokens = { guest, member, owner: (await coordinator.person('owner')).token };
  for (const role of ['guest', 'member', 'owner'] as const) {
    for (const route of closed()) {
      // Its body is empty, so that nothing comes of it; but a wrong password is refused with the same status.
      const status = await statusOf(route, tokens[role]);
      const may = (opens[role] as readonly string[]).includes(route.policy);
      if (may) expect([401, 403], `${role} ${route.method} ${route.path}`).not.toContain(status);
      else expect([401, 403], `${role} ${route.method} ${route.path}`).toContain(status);
    }
  }
});

test('what belongs to another, or to nobody, is not found', async () => {
  for (const route of requests().filter(
    (known) => ['guest', 'member'].includes(known.policy) && /\/:(id|name)/.test(known.path) && known.path.startsWith('/api/'),
  )) {
    const id = route.path.startsWith('/api/uploads') ? hisUpload : unknownId;
    expect([route.method, route.path, await statusOf(route, member, id)]).toEqual([route.method, route.path, 404]);
  }
});

interface Told {
  readonly status: number;
  readonly mediaType: string;
}

/** Sends a target as it is written; fetch would tidy it. */
function askFor(method: string, target: string, token: string): Promise<Told> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(coordinator.url);
    const asked = { hostname, port, method, path: target, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } };
    const sent = request(asked, (answer) => {
      answer.once('error', () => undefined);
      resolve({ status: answer.statusCode ?? 0, mediaType: answer.headers['content-type'] ?? '' });
      answer.destroy();
    });
    sent.once('error', reject);
    sent.end(method === 'GET' ? undefined : '{}');
  });
}

test("however an address is written, a member reaches nothing of an owner's, and nobody what is closed", async () => {
  const encoded = (path: string) => path.replace(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  const spellings = (path: string) => [
    ...[path, `/${path}`, path.replaceAll('/', '//'), `${path}/`, `${path}?`, `${path}#/me`, `${path};/me`, path.toUpperCase(), encoded(path)],
    ...[
      path.replace('/api/', '/api/me/../'),
      path.replace('/api/', '/api/runs/%2e%2e/'),
      path.replace('/api/', '/api/runs/..%2f'),
      path.replace('/api/', '/api/%2e/'),
    ],
    ...[`/api/me?${path}`, `/api/me#${path}`, `/api/gallery/${encodeURIComponent(path)}`, `http://other.example${path}`],
  ];
  const owners = routes.filter((route) => route.policy === 'owner').map(({ method, path }) => ({ method, path: filled(path) }));
  const shut = ['/api/auth/sign-up/email', '/api/auth/api-key/create', '/api/auth/update-user', '/api/auth/delete-user'].map((path) => ({
    method: 'POST',
    path,
  }));
  for (const { method, path } of [...owners, ...shut]) {
    for (const target of spellings(path)) {
      const { status, mediaType } = await askFor(method, target, member);
      // What stands behind a question mark or a hash is no part of the path; and the studio's page stands for whatever is no address of the API.
      const harmless = (status >= 400 && status < 500) || mediaType.startsWith('text/html') || /^\/api\/me[?#]/.test(target);
      expect([method, target, status, harmless]).toEqual([method, target, status, true]);
    }
  }
});

/** What answers an upgrade: 101 for a WebSocket that was opened. */
function upgradeStatus({ path }: RouteInfo, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(coordinator.url.replace('http', 'ws') + path, { headers });
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, answer) => {
      resolve(answer.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
  });
}

test('a WebSocket is opened by whoever its policy admits, and by no page of another site', async () => {
  const sockets = routes.filter((route) => route.socket);
  expect(sockets.map(({ policy, path }) => `${policy} ${path}`).sort()).toEqual(['edge-key /api/edge/socket', 'member /api/watch']);
  for (const route of sockets) {
    // Whoever opens the socket of an edge is heard only when they have shown its key (edges/edge-sockets.test.ts).
    const isMember = route.policy === 'member';
    for (const token of [undefined, expired, revoked, 'atl_invented', 'ate_invented', 'nonsense']) {
      const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
      expect([route.path, token, await upgradeStatus(route, headers)]).toEqual([route.path, token, isMember ? 401 : 101]);
    }
    expect(await upgradeStatus(route, { authorization: `Bearer ${member}` })).toBe(101);
    expect([route.path, await upgradeStatus(route, { authorization: `Bearer ${guest}` })]).toEqual([route.path, isMember ? 403 : 101]);
    expect(await upgradeStatus(route, { authorization: `Bearer ${member}`, origin: 'https://other.example' })).toBe(403);
    expect(await upgradeStatus(route, { authorization: `Bearer ${member}`, host: 'other.example' })).toBe(403);
  }
  expect(await upgradeStatus({ ...(sockets[0] as RouteInfo), path: '/api/elsewhere' }, {})).toBe(404);
});

test('a route or a WebSocket without a policy stops the server from starting', () => {
  const table = createRouteTable(new Hono(), { public: async () => undefined } as unknown as Gates, {} as unknown as SocketGates);
  expect(() => table.add(undefined as never, 'GET', '/open', () => new Response())).toThrow(/no policy/);
  expect(() => table.addSocket(undefined as never, '/socket', () => undefined)).toThrow(/no policy/);
});
