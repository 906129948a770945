import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { encodeWav } from '@atelier/media';
import type { RunId } from '@atelier/protocol';
import { seeded } from '@atelier/seeded';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { within } from '../support/deadline.ts';
import { digestFleet, digestModel, digestOf, giveModels } from '../support/digest-fleet.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { Studio } from '../support/studio.ts';

const random = seeded('full disks');
const studio = new Studio({ fleet: digestFleet(['North']) });
const uploadsDisk = mountSmallDisk(path.join(studio.data, 'uploads'), 32);
const without = typeof uploadsDisk === 'string' ? uploadsDisk : undefined;
let databaseDisk: SmallDisk;

/** Moves the database of a stopped studio to a small disk of its own. */
function moveDatabase(): SmallDisk {
  const folder = path.join(studio.data, 'postgres');
  const aside = `${folder}.aside`;
  renameSync(folder, aside);
  const disk = mountSmallDisk(folder, 160);
  if (typeof disk === 'string') throw new Error(disk);
  execFileSync('cp', ['-a', `${aside}/.`, folder]);
  rmSync(aside, { recursive: true });
  return disk;
}

describe.skipIf(without !== undefined)(`a full disk${without ? ` (skipped: ${without})` : ''}`, () => {
  beforeAll(async () => {
    giveModels(studio, 'North', [digestModel(20)]);
    await studio.start();
    await studio.stop();
    databaseDisk = moveDatabase();
    await studio.start();
    await studio.offered('digest');
  });
  afterAll(async () => {
    await studio.stop();
    databaseDisk[Symbol.dispose]();
    (uploadsDisk as SmallDisk)[Symbol.dispose]();
    await studio[Symbol.asyncDispose]();
  });

  test('of the uploads refuses one with what to do, and takes it once there is room', async () => {
    const bytes = encodeWav({ samples: Float32Array.from({ length: 32_000 }, () => random.next() - 0.5), sampleRate: 16_000 });
    const upload = () => studio.client.upload(new Uint8Array(bytes), { name: 'noise.wav', mediaType: 'audio/wav' });
    const usage = async () => (await fetch(`${studio.url}/api/usage`, { headers: { authorization: `Bearer ${studio.token}` } })).json();
    (uploadsDisk as SmallDisk).fill();
    await expect(upload()).rejects.toMatchObject({ code: 'disk-full', hint: expect.any(String) });
    const before = await usage();
    const inOne = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${studio.token}`,
        'tus-resumable': '1.0.0',
        'upload-length': String(bytes.length),
        'content-type': 'application/offset+octet-stream',
      },
      body: Buffer.from(bytes),
    };
    expect((await fetch(`${studio.url}/api/uploads`, inOne)).status).toBe(507);
    expect(await usage(), 'nothing of it counts').toEqual(before);
    (uploadsDisk as SmallDisk).free();
    expect(await upload()).toMatchObject({ mediaType: 'audio/wav', sizeBytes: bytes.length });
  });

  test('of the database acknowledges nothing, and every run that was acknowledged ends once there is room', async () => {
    const acknowledged: { id: RunId; text: string }[] = [];
    const create = async () => {
      const text = `full ${random.next()}`;
      const { id } = await studio.client.api.runs.create({ chain: 'text-generation', inputs: { prompt: { text } } });
      acknowledged.push({ id, text });
    };
    for (let count = 0; count < 5; count += 1) await create();
    databaseDisk.fill();
    const refusals: unknown[] = [];
    // What is left in pages that are already there may still be used; then it is over.
    while (refusals.length < 3) await create().catch((thrown: unknown) => refusals.push(thrown));
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ code: expect.stringMatching(/^(disk-full|unavailable|no-offer)$/), hint: expect.any(String) });
    databaseDisk.free();
    const takenAgain = async () => {
      for (;;) {
        const taken = await create().then(
          () => true,
          () => false,
        );
        if (taken) return;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    await within('a run that is taken again', takenAgain());
    for (const { id, text } of acknowledged) {
      const run = await studio.ended(id);
      expect(run.state, JSON.stringify(run.error)).toBe('succeeded');
      expect(await (await studio.client.download(run.steps[0]?.outputs[0]?.id as never)).text()).toBe(digestOf(text));
    }
  });
});
