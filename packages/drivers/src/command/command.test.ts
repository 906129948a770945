import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelManifest } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { type DriverCase, listen, prepareStep, testDriver } from '../conformance.ts';
import type { ModelSource } from '../driver.ts';
import { fillArguments } from './arguments.ts';
import { command } from './driver.ts';

const node = process.execPath;

function source(task: string, options: Record<string, unknown>): ModelSource {
  const prior = { loadSeconds: 0, runSeconds: 0 };
  const manifest = {
    id: 'declared',
    title: '',
    shortName: 'declared',
    summary: '',
    driver: 'command',
    tasks: [task],
    licence: 'none',
    files: [],
    memoryBytes: 0,
    prior,
    options,
  };
  return { manifest: ModelManifest.parse(manifest), folder: '/nowhere' };
}

async function run(script: string, args: string[] = [], more: Record<string, unknown> = {}, prompt = 'hello') {
  const model = await command.load(source('text-generation', { command: [node, '-e', script, '--', ...args], ...more }), { threads: 1 });
  const told = listen();
  const step = await prepareStep({ task: 'text-generation', inputs: { prompt: { bytes: prompt, mediaType: 'text/plain' } } }, told);
  try {
    const result = await model.run(step);
    return { text: await readFile(result.text?.[0]?.path ?? '', 'utf8'), told };
  } finally {
    await rm(step.folder, { recursive: true });
  }
}

const upper = "console.log('progress 0.5 half'); console.log(require('fs').readFileSync(process.argv[1], 'utf8').toUpperCase())";
const text: DriverCase = {
  driver: command,
  source: () => source('text-generation', { command: [node, '-e', upper, '--', '{input.prompt}'] }),
  task: 'text-generation',
  inputs: { prompt: { bytes: 'a red apple', mediaType: 'text/plain' } },
};
testDriver('command with a text', { ...text, streams: true });

const copy = "require('fs').copyFileSync(process.argv[1], process.argv[2])";
testDriver('command with a file', {
  driver: command,
  source: () => source('image-to-video', { command: [node, '-e', copy, '--', '{input.image}', '{output.video}'], outputs: { video: 'video/mp4' } }),
  task: 'image-to-video',
  inputs: { image: { bytes: Buffer.from('\0\0\0\x18ftypisom and so on', 'latin1'), mediaType: 'image/png' } },
});

test('lines of progress are told and kept out of the text', async () => {
  const { text: written, told } = await run('console.log(\'progress 0.25\'); console.log(\'{"progress":0.5,"message":"half"}\'); console.log(\'done\')');
  expect(written).toBe('done');
  expect(told.fractions).toEqual([0, 0.25, 0.5, 1]);
});

test('a prompt stays one argument, whatever it holds', async () => {
  const nasty = '; rm -rf / $(touch x) "quoted" {parameters.seed}';
  const { text: written } = await run(
    'console.log(JSON.stringify(process.argv.slice(1)))',
    ['{text.prompt}', 'n={parameters.maxTokens}', '{parameters.seed}'],
    {},
    nasty,
  );
  expect(JSON.parse(written)).toEqual([nasty, 'n=64']);
});

test('an argument that is only an input becomes one argument for each file', () => {
  const values = { input: { image: ['/a b', '/c'] }, text: () => '', output: {}, parameters: {} };
  expect(fillArguments(['{input.image}', '--first={input.image}', '{input.none}'], values)).toEqual(['/a b', '/c', '--first=/a b']);
});

test('a program that ends badly fails the step with what it said', async () => {
  await expect(run("console.error('no ink'); process.exit(3)")).rejects.toMatchObject({ code: 'step-failed', message: expect.stringContaining('no ink') });
});

test('a program that is not there is named', async () => {
  const model = await command.load(source('text-generation', { command: ['/no/such/program'] }), { threads: 1 });
  const step = await prepareStep(text);
  await expect(model.run(step)).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('/no/such/program') });
  await rm(step.folder, { recursive: true });
});

test('a program past its time is killed with all that it started', async () => {
  const folder = (await prepareStep(text)).folder;
  const pidFile = join(folder, 'pid');
  const grandchild = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`;
  const parent = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'ignore' }); setInterval(() => {}, 1000)`;
  // A busy machine needs longer to start both.
  for (let timeoutSeconds = 1; !existsSync(pidFile); timeoutSeconds *= 2) {
    await expect(run(parent, [], { timeoutSeconds })).rejects.toMatchObject({ code: 'timeout' });
  }
  const pid = Number(await readFile(pidFile, 'utf8'));
  await expect.poll(() => isRunning(pid)).toBe(false);
  await rm(folder, { recursive: true });
});

test('bytes of another kind than declared are refused', async () => {
  const model = await command.load(
    source('text-to-image', { command: [node, '-e', "require('fs').writeFileSync(process.argv[1], 'GIF89a')", '--', '{output.image}'] }),
    { threads: 1 },
  );
  const step = await prepareStep({ ...text, task: 'text-to-image' });
  await expect(model.run(step)).rejects.toMatchObject({ code: 'unsupported-media' });
  expect(existsSync(step.folder)).toBe(true);
  await rm(step.folder, { recursive: true });
});

test('options that are not known, or do not fit the task, are refused by name', async () => {
  await expect(command.load(source('text-generation', { command: 'rm -rf' }), { threads: 1 })).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('options.command'),
  });
  const model = await command.load(source('text-generation', { command: [node], outputs: { picture: 'image/png' } }), { threads: 1 });
  const step = await prepareStep(text);
  await expect(model.run(step)).rejects.toMatchObject({ code: 'invalid-input' });
  await rm(step.folder, { recursive: true });
});

test.skipIf(process.platform === 'win32')('a program does not outlive a process that is killed while it runs it', async () => {
  const { folder } = await prepareStep(text);
  const pidFile = join(folder, 'pid');
  const forever = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`;
  const slot = `import(${JSON.stringify(new URL('./program.ts', import.meta.url).href)}).then(({ runProgram }) => runProgram({
    argv: [process.execPath, '-e', ${JSON.stringify(forever)}], cwd: '/', environment: {}, timeoutMs: 60000, streamsText: false,
    report: { progress() {}, preview() {}, text() {} } }))`;
  const child = spawn(node, ['-e', slot], { stdio: 'ignore' });
  const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0);
  await expect.poll(pid).toBeGreaterThan(0);
  child.kill('SIGKILL');
  await expect.poll(() => isRunning(pid())).toBe(false);
  await rm(folder, { recursive: true });
});

/** An orphan that nobody buries counts as gone (proc(5): the state follows the name in brackets). */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
