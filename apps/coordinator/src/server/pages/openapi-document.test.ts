import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;

beforeAll(async () => {
  coordinator = await testCoordinator();
});
afterAll(() => coordinator.close());

type Document = { openapi: string; paths: Record<string, Record<string, { 'x-policy'?: string; security?: unknown[]; summary?: string }>>; components: object };

test('the document tells of every route with its policy, and of no other', async () => {
  const document = (await (await coordinator.call('/api/openapi.json')).json()) as Document;
  expect(document.openapi).toMatch(/^3\.1/);
  const told = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => `${method.toUpperCase()} ${path} ${operation['x-policy']}`),
  );
  const pages = /^GET \/(docs|\*)|openapi\.json/;
  const there = coordinator
    .listRoutes()
    .filter(({ socket }) => !socket)
    .map(({ method, path, policy }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')} ${policy}`)
    .filter((route) => !pages.test(route));
  expect(told.sort()).toEqual([...new Set(there)].sort());
  const unnamed = Object.values(document.paths).flatMap((operations) => Object.values(operations).filter((operation) => !operation.summary));
  expect(unnamed).toEqual([]);
});

test('the reference page needs no other server and no inline script', async () => {
  const page = await coordinator.call('/docs');
  const html = await page.text();
  expect(html).not.toMatch(/https?:\/\//);
  expect(html).not.toMatch(/<script>/);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) expect([path, (await coordinator.call(path as string)).status]).toEqual([path, 200]);
  expect((await coordinator.call('/docs/package.json')).status).toBe(404);
});

test('the studio has no way out of its folder, and an unknown API path is no page', async () => {
  expect((await coordinator.call('/..%2f..%2fpackage.json')).status).not.toBe(500);
  const outside = await coordinator.call('/%2e%2e/%2e%2e/package.json');
  expect(await outside.text()).not.toContain('"dependencies"');
  expect((await coordinator.call('/api/nothing')).status).toBe(404);
  const page = await coordinator.call('/runs/some-run');
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
});

test('each example is a chain with something ready for what the repository has', async () => {
  const examples = (await (await coordinator.call('/api/examples', { token: coordinator.ownerToken })).json()) as {
    id: string;
    inputs: Record<string, { file?: string; text?: string }>;
  }[];
  expect(examples.map((example) => example.id)).toContain('voice-to-film');
  const { file } = Object.values(examples.find((example) => example.id === 'voice-to-film')?.inputs ?? {})[0] ?? {};
  const recording = await coordinator.call(`/api/examples/files/${file}`, { token: coordinator.ownerToken });
  expect([recording.status, recording.headers.get('content-type')]).toEqual([200, 'audio/wav']);
  await recording.body?.cancel();
});
