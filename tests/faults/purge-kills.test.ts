import { readdirSync } from 'node:fs';
import path from 'node:path';
import { limits, type OutputId, type UploadView } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { expect, test } from 'vitest';
import { until, within } from '../support/deadline.ts';
import { Studio } from '../support/studio.ts';
import { openStudioDatabase } from '../support/studio-database.ts';

const random = seeded('purge kills');
const uploads = 80;
const kills = 3;

function filesOf(studio: Studio): string[] {
  const folder = path.join(studio.data, 'artifacts');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name)).map((entry) => entry.name);
}

test(`a purge that is killed ${kills} times ends its work after the last start, and what somebody still has stays readable`, async () => {
  await using studio = new Studio({ localEdge: false });
  await studio.start();
  const give = (text: string) => studio.client.upload(new TextEncoder().encode(text), { name: 'note.txt', mediaType: 'text/plain' });
  const texts = Array.from({ length: uploads }, (_, index) => `note ${index} ${random.next()}`);
  const given: UploadView[] = [];
  for (const text of texts) given.push(await give(text));
  // The same bytes once more, which nobody deletes.
  const kept = await give(texts[0] as string);
  expect(kept.hash).toBe(given[0]?.hash);
  expect(filesOf(studio)).toHaveLength(uploads);

  const database = await openStudioDatabase(studio);
  await studio.kill();
  await database.pool.query(`UPDATE outputs SET deleted_at = now() - $1 * interval '1 day' WHERE id = ANY($2)`, [
    limits.undoDays + 1,
    given.map(({ outputId }) => outputId),
  ]);
  for (let kill = 0; kill < kills; kill += 1) {
    const before = filesOf(studio).length;
    expect(before, 'nothing was left to purge before this kill').toBeGreaterThan(1);
    await studio.start();
    await within(
      'a purge that has begun',
      until(() => filesOf(studio).length < before - random.below(8)),
    );
    await studio.kill();
  }
  await studio.start();
  await within(
    'the end of the purge',
    until(async () => (await database.pool.query('SELECT count(*)::int AS left FROM outputs WHERE deleted_at IS NOT NULL')).rows[0].left === 0),
  );
  await database.close();
  expect(filesOf(studio)).toEqual([kept.hash]);
  expect(await (await studio.client.download(kept.outputId as OutputId)).text()).toBe(texts[0]);
  await expect(studio.client.download(given[1]?.outputId as OutputId)).rejects.toMatchObject({ code: 'not-found' });
});
