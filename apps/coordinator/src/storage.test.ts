import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, RunView } from '@atelier/protocol';
import { testDatabase } from '@atelier/store';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type S3ForTests, s3ForTests } from '../../../packages/artifacts/src/s3/server.test-support.ts';
import { type SocketEdge, type TestCoordinator, testCoordinator, testModel, workingEdge } from './server/coordinator.test-support.ts';
import { installationId } from './storage.ts';

let server: S3ForTests;
let coordinator: TestCoordinator;
let edge: SocketEdge;

beforeAll(async () => {
  server = await s3ForTests();
  vi.stubEnv('AWS_ACCESS_KEY_ID', server.settings.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.settings.secretAccessKey);
  vi.stubEnv('ATELIER_S3_ENDPOINT', server.settings.endpoint);
  coordinator = await testCoordinator({ storage: 's3://pictures/studio' });
  const bytes = Buffer.from('written by the edge');
  edge = await workingEdge(coordinator, [testModel('writer', ['text-generation'])], () => ({ port: 'text', mediaType: 'text/plain', bytes }));
});
afterAll(async () => {
  await edge.close();
  await coordinator.close();
  await server.close();
  vi.unstubAllEnvs();
});

const asOwner = () => ({ token: coordinator.ownerToken });

async function writtenRun(): Promise<RunView> {
  const body = { chain: 'text-generation', inputs: { prompt: { text: 'anything' } }, fresh: true };
  const { id } = (await (await coordinator.call('/api/runs', { ...asOwner(), body })).json()) as RunView;
  await (await coordinator.call(`/api/runs/${id}/events`, asOwner())).text();
  return (await (await coordinator.call(`/api/runs/${id}`, asOwner())).json()) as RunView;
}

test('a result stays with its edge while the bucket refuses it, and is taken when it is asked for again', async () => {
  server.judge = (asked) => (asked.method === 'PUT' && asked.headers['content-length'] === '19' ? { status: 403, code: 'AccessDenied' } : 'pass');
  const run = await writtenRun();
  expect(run.state).toBe('succeeded');
  const id = run.steps[0]?.outputs[0]?.id;
  const refused = await coordinator.call(`/api/outputs/${id}/content`, asOwner());
  expect(refused.status).toBe(503);
  server.judge = () => 'pass';
  const taken = await coordinator.call(`/api/outputs/${id}/content`, asOwner());
  expect([taken.status, await taken.text()]).toEqual([200, 'written by the edge']);
});

test('artifacts lie in the bucket under the prefix, the installation and their hash', async () => {
  const run = await writtenRun();
  const hash = run.steps[0]?.outputs[0]?.hash;
  const installation = await installationId(coordinator.database);
  const folder = join(server.folder, 'bucket', 'pictures', 'studio', installation);
  expect((await readdir(folder)).some((name) => name.startsWith(hash as string))).toBe(true);
});

test('the doctor says where artifacts are kept and that the bucket refuses, without a key', async () => {
  const storage = async () => {
    const findings = (await (await coordinator.call('/api/doctor', asOwner())).json()) as Finding[];
    return findings.find((finding) => finding.subject === 'Storage');
  };
  expect(await storage()).toMatchObject({ level: 'good', message: expect.stringContaining('s3://pictures/studio/') });
  server.judge = () => ({ status: 403, code: 'InvalidAccessKeyId' });
  const refused = await storage();
  server.judge = () => 'pass';
  expect(refused).toMatchObject({ level: 'problem', message: expect.stringContaining('InvalidAccessKeyId') });
  expect(JSON.stringify(refused)).not.toContain(server.settings.secretAccessKey);
});

test('an installation keeps its name', async () => {
  const database = await testDatabase();
  const names = await Promise.all([installationId(database), installationId(database)]);
  expect(new Set([...names, await installationId(database)]).size).toBe(1);
  await database.close();
});

test('a bucket without keys, or that does not answer, keeps the studio from starting', async () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
  await expect(testCoordinator({ storage: 's3://pictures' })).rejects.toMatchObject({ code: 'invalid-input' });
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.settings.secretAccessKey);
  await expect(testCoordinator({ storage: 's3://nowhere' })).rejects.toMatchObject({ code: 'unavailable' });
});
