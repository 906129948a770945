import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { removeEmbeddedServer } from '@atelier/store';
import { expect, test } from 'vitest';
import { within } from './support/deadline.ts';
import { processesWith } from './support/processes.ts';
import { Studio, temporaryFolder } from './support/studio.ts';

const cli = path.resolve(import.meta.dirname, '../apps/cli/src/main.ts');

/** `atelier start` in a folder that only its owner may enter, with registries that cannot be reached. */
function startWithoutNetwork(data: string) {
  const nowhere = 'http://127.0.0.1:9/';
  const child = spawn(process.execPath, [cli, 'start', '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ATELIER_MODELS: '', npm_config_registry: nowhere, PIP_INDEX_URL: nowhere, HF_ENDPOINT: nowhere, PIP_CONFIG_FILE: '' },
  });
  const said: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      said.push(line);
      for (const look of waiting) look();
    });
  const says = (pattern: RegExp) =>
    within(
      `a line like ${pattern}`,
      new Promise<string>((resolve) => {
        const look = () => {
          const line = said.find((each) => pattern.test(each));
          if (line !== undefined) resolve(line);
        };
        waiting.add(look);
        look();
      }),
    );
  return { child, says, ended: once(child, 'exit') };
}

test('a first start without a network says what could not be reached and what to do, doctor says the same, and Ctrl-C that comes twice ends it in order', async () => {
  const data = temporaryFolder('offline');
  const studio = startWithoutNetwork(data);
  try {
    await studio.says(/^Atelier is at /);
    if (process.getuid?.() === 0) await studio.says(/database lies outside of the data folder, in .*: copy or delete both/);
    await studio.says(/could not be pulled to .*127\.0\.0\.1:9 could not be reached/);
    await studio.says(/Is this machine online\?/);
    const line = await studio.says(/tried again every two minutes.*atelier models pull/);
    expect(line).toMatch(/atelier models pull [a-z0-9.-]+$/);
    const doctor = spawn(process.execPath, [cli, 'doctor', '--data', data], { stdio: ['ignore', 'pipe', 'inherit'] });
    const findings = (await doctor.stdout.setEncoding('utf8').toArray()).join('');
    expect(findings).not.toContain('takes a while');
    expect(findings).toMatch(/being pulled now|The pull of .* failed/);
    expect(findings).toContain('could not be reached');
    // npm and the terminal both pass a Ctrl-C on.
    for (const _ of [1, 2]) studio.child.kill('SIGINT');
    expect(await within('the end', studio.ended)).toEqual([0, null]);
    await studio.says(/^Stopped\.$/);
    expect(processesWith(data)).toEqual([]);
  } finally {
    studio.child.kill('SIGKILL');
    await removeEmbeddedServer(data);
    rmSync(data, { recursive: true, force: true });
  }
});

test('atelier stop takes the port: another one is left alone with the right words, its own is stopped', async () => {
  await using studio = await listening();
  const { port } = new URL(studio.url);
  const free = await studio.cli(['stop', '--port', '9']);
  expect([free.code, free.error]).toEqual([1, expect.stringContaining(`is at ${studio.url}`)]);
  const elsewhere = temporaryFolder('elsewhere');
  const foreign = await studio.cli(['stop', '--port', port, '--data', elsewhere], { bare: true });
  expect([foreign.code, foreign.error]).toEqual([1, expect.stringContaining(`--port ${port} --data FOLDER`)]);
  expect(JSON.parse(readFileSync(path.join(studio.data, 'coordinator.json'), 'utf8'))).toMatchObject({ pid: studio.pid });
  const stopped = await studio.cli(['stop', '--port', port]);
  expect([stopped.code, stopped.out]).toEqual([0, expect.stringContaining('Stopped.')]);
});

/** A studio without edges, which is never ready for chains. */
async function listening(): Promise<Studio> {
  const studio = new Studio({ localEdge: false });
  await studio.start();
  return studio;
}
