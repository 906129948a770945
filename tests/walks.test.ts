import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspectMp4 } from '@atelier/media';
import type { OutputId, RunView, StepView } from '@atelier/protocol';
import { readRecipe } from '@atelier/recipe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Studio, temporaryFolder, withoutModels, writeEdgeSettings } from './support/studio.ts';

const keyframes = [{ prompt: 'a red apple' }, { prompt: 'a green pear' }];
const step = (view: RunView, task = 'latent-walk') => view.steps.find((one) => one.task === task) as StepView;
const hashes = (view: RunView) => step(view).outputs.map(({ hash }) => hash);

/** Edges of unequal speed that compute with one thread each, so that sums are rounded in one order everywhere. */
function unequalFleet(): string {
  const file = path.join(temporaryFolder('fleet'), 'fleet.yaml');
  const edges = [1, 0.6, 0.3].map((speed, number) => ({ name: `Edge${number + 1}`, models: ['starter-diffusion', 'film-encoder'], simulate: { speed } }));
  writeFileSync(file, JSON.stringify({ edges }));
  return file;
}

describe.skipIf(withoutModels)(`walks on the starter model${withoutModels ? ` (skipped: ${withoutModels})` : ''}`, () => {
  let studio: Studio;

  beforeAll(async () => {
    studio = new Studio({ fleet: unequalFleet() });
    const oneThread = path.join(temporaryFolder('edge'), 'edge.yaml');
    writeFileSync(oneThread, JSON.stringify({ threads: 1 }));
    for (const name of ['Edge1', 'Edge2', 'Edge3']) writeEdgeSettings(studio, name, oneThread);
    await studio.start();
    await studio.offered('starter-diffusion', 3);
  });

  afterAll(async () => {
    await studio?.[Symbol.asyncDispose]();
  });

  const walk = (parameters: Record<string, unknown>, more: { edge?: string; fresh?: boolean } = {}) =>
    studio.client.api.runs.create({
      chain: {
        steps: [
          { task: 'latent-walk', parameters: { keyframes, steps: 6, seed: 11, ...parameters }, ...(more.edge ? { edge: more.edge } : {}) },
          { task: 'frames-to-video', parameters: { format: 'mp4' } },
        ],
      },
      fresh: more.fresh ?? false,
    });

  test('the same walk on one edge and on three unequal ones gives identical frames', async () => {
    const alone = await studio.ended((await walk({ frames: 9 }, { edge: 'Edge1', fresh: true })).id);
    const shared = await studio.ended((await walk({ frames: 9 }, { fresh: true })).id);
    expect([alone.state, shared.state], JSON.stringify([alone.error, shared.error])).toEqual(['succeeded', 'succeeded']);
    expect(new Set(step(alone).shards?.each.map(({ edgeId }) => edgeId)).size).toBe(1);
    expect(new Set(step(shared).shards?.each.map(({ edgeId }) => edgeId)).size).toBeGreaterThan(1);
    expect(hashes(shared)).toEqual(hashes(alone));
    expect(new Set(hashes(alone)).size).toBe(9);
  });

  test('kill -9 of an edge in mid-walk: the walk ends with the very frames that it would have had', async () => {
    const before = await studio.ended((await walk({ frames: 9 })).id);
    let killed: string | undefined;
    const run = await walk({ frames: 9 }, { fresh: true });
    const ended = await studio.ended(run.id, (event) => {
      if (event.kind !== 'shard' || event.shard.state !== 'running' || event.done < 3 || killed) return;
      killed = event.shard.edgeId ?? undefined;
      const strike = async () => {
        const edge = (await studio.client.api.edges.list()).find(({ id }) => id === killed);
        process.kill(studio.edge(edge?.name as string).pid, 'SIGKILL');
      };
      if (killed) void strike();
    });
    expect(killed).toBeDefined();
    expect(ended.state, JSON.stringify(ended.error)).toBe('succeeded');
    expect(hashes(ended)).toEqual(hashes(before));
    expect(step(ended).attempts.filter(({ state }) => state === 'lost' || state === 'failed').length).toBeLessThanOrEqual(1);
    await studio.offered('starter-diffusion', 3);
  });

  test('a walk that is lengthened computes only what is new, and the film has every frame', async () => {
    const before = await studio.ended((await walk({ frames: 5 })).id);
    const longer = await studio.ended(
      (await walk({ frames: 9, keyframes: [{ ...keyframes[0], frames: 4 }, { ...keyframes[1], frames: 4 }, { prompt: 'a castle' }] })).id,
    );
    expect(longer.state, JSON.stringify(longer.error)).toBe('succeeded');
    expect(hashes(longer).slice(0, 5)).toEqual(hashes(before));
    expect(step(longer).cached).toBe(5);
    const film = step(longer, 'frames-to-video').outputs[0];
    const bytes = new Uint8Array(await (await studio.client.download(film?.id as OutputId)).arrayBuffer());
    expect(inspectMp4(bytes).frames).toBe(9);
    // The saved film says how it was made: the whole walk, with its seed.
    const recipe = readRecipe(bytes);
    expect(recipe?.chain.steps.map(({ task }) => task)).toEqual(['latent-walk', 'frames-to-video']);
    expect(recipe?.chain.steps[0]?.parameters).toMatchObject({ seed: 11, frames: 9 });
  });

  test('the command line makes a GIF whose recipe makes it again', async () => {
    const out = path.join(temporaryFolder('walk'), 'walk.gif');
    const made = await studio.cli(['walk', 'a red apple', 'a green pear', '--frames', '4', '--steps', '6', '--seed', '11', '--out', out]);
    expect(made.code, made.error).toBe(0);
    const recipe = readRecipe(new Uint8Array(readFileSync(out)));
    expect(recipe?.chain.steps[0]?.parameters).toMatchObject({ seed: 11, frames: 4, keyframes });
    const again = await studio.client.api.runs.create({ chain: recipe?.chain as never });
    const ended = await studio.ended(again.id);
    expect(step(ended).cached).toBe(4);
    expect(readFileSync(out).subarray(0, 6).toString('latin1')).toBe('GIF89a');
  });

  test.each([
    ['0', 'frames'],
    ['1', 'frames'],
    ['100000', '2400'],
  ])('a walk of %s frames is refused with what is possible', async (frames, words) => {
    const refused = await studio.cli(['walk', 'a red apple', 'a green pear', '--frames', frames, '--out', path.join(temporaryFolder('walk'), 'x.gif')]);
    expect(refused.code).toBe(2);
    expect(refused.error).toContain(words);
    expect(refused.error).not.toMatch(/\n\s+at /);
  });

  test("MOMA Lisa's own address answers with a GIF of four frames", async () => {
    const answer = await fetch(`${studio.url}/predict/?word1=a%20red%20apple&word2=a%20green%20pear&steps=6`, {
      headers: { authorization: `Bearer ${studio.token}` },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/gif');
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(readRecipe(bytes)?.chain.steps[0]?.parameters).toMatchObject({ frames: 4 });
  });
});
