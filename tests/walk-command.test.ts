import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readFrames, readPicture } from '@atelier/media';
import { describe, expect, test } from 'vitest';
import { Studio, starterModels, temporaryFolder, withoutModels } from './support/studio.ts';

const apple = path.resolve(import.meta.dirname, '../examples/pictures/apple.png');
const words = ['walk', 'a red apple', 'a green pear', '--steps', '2', '--seed', '7'];

describe.skipIf(withoutModels)(`atelier walk on the real starter model${starterModels ? '' : ` (skipped: ${withoutModels})`}`, () => {
  test('two words become a film; a finer walk draws only what is new; frames come as files too; a picture is a keyframe', async () => {
    await using studio = await Studio.start();
    const folder = temporaryFolder('walk');
    const file = (name: string) => path.join(folder, name);

    const coarse = await studio.cli([...words, '--frames', '3', '--out', file('walk.gif')]);
    expect(coarse.code, coarse.error).toBe(0);
    expect(await readFrames(readFileSync(file('walk.gif')))).toHaveLength(3);

    const fine = await studio.cli([...words, '--frames', '5', '--out', file('walk.webp')]);
    expect(fine.out, fine.error).toContain('3 of 5 frames from the cache');
    expect(await readFrames(readFileSync(file('walk.webp')))).toHaveLength(5);

    const frames = await studio.cli([...words, '--frames', '5', '--out', `${file('frames')}/`]);
    expect(frames.error).toContain('all 5 frames from the cache, nothing was computed');
    expect(readdirSync(file('frames')).sort()).toEqual([1, 2, 3, 4, 5].map((number) => `frame-000${number}.png`));
    const zip = await studio.cli([...words, '--frames', '5', '--out', file('walk.zip')]);
    expect(zip.code, zip.error).toBe(0);
    expect(readFileSync(file('walk.zip')).includes(readFileSync(file('frames/frame-0003.png')))).toBe(true);

    const pictured = await studio.cli(['walk', apple, 'a castle', '--frames', '2', '--steps', '2', '--seed', '7', '--out', file('pictured')]);
    expect(pictured.code, pictured.error).toBe(0);
    expect(await readPicture(readFileSync(file('pictured/frame-0001.png')))).toMatchObject({ width: 128, height: 128 });
  });
});
