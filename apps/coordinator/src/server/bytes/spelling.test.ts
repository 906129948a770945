import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestCoordinator, testCoordinator } from '../coordinator.test-support.ts';

let coordinator: TestCoordinator;
beforeAll(async () => {
  coordinator = await testCoordinator();
});
afterAll(() => coordinator.close());

async function upload(name: string, token: string): Promise<void> {
  const metadata = `filename ${Buffer.from(name).toString('base64')}`;
  const headers = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream', 'upload-length': '5', 'upload-metadata': metadata };
  expect((await coordinator.call('/api/uploads', { method: 'POST', token, headers, body: Buffer.from('apple') })).status).toBe(201);
}

async function find(search: string, token: string): Promise<string[]> {
  const answer = await coordinator.call(`/api/gallery?uploads=true&search=${encodeURIComponent(search)}`, { token });
  return ((await answer.json()) as { items: { caption: string }[] }).items.map((item) => item.caption);
}

test('a name is found in either spelling, whichever it came in', async () => {
  for (const name of ['Äpfel auf Schnee.txt', 'Crème brûlée.txt', '한글 사진.txt', 'Ω ångström.txt']) {
    for (const form of ['NFC', 'NFD'] as const) {
      const { token } = await coordinator.person('member');
      await upload(name.normalize(form), token);
      const word = (name.split(/[ .]/)[0] as string).length > 1 ? (name.split(/[ .]/)[0] as string) : 'ångström';
      for (const typed of ['NFC', 'NFD'] as const)
        expect(await find(word.normalize(typed), token), `${name} ${form} ${typed}`).toEqual([name.normalize('NFC')]);
    }
  }
});
