import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readInputs } from './inputs.ts';

test('a text stays a text, also with an equals sign, where the chain has no input of that name', async () => {
  expect(await readInputs(['a=b is true'], ['prompt'])).toEqual({ input: { kind: 'text', text: 'a=b is true' } });
  expect(await readInputs(['prompt=a red apple'], ['prompt'])).toEqual({ prompt: { kind: 'text', text: 'a red apple' } });
});

test('what looks like a file that is not there is an error, a sentence with a dot is not', async () => {
  await expect(readInputs(['voice.wav'], undefined)).rejects.toMatchObject({ code: 'invalid-input' });
  expect(await readInputs(['Draw voice.wav'], undefined)).toEqual({ input: { kind: 'text', text: 'Draw voice.wav' } });
});

test('two inputs without names are refused with the names to use', async () => {
  await expect(readInputs(['one', 'two'], ['image', 'prompt'])).rejects.toMatchObject({ hint: 'Name each one: --input image=... --input prompt=...' });
});

test('a file is uploaded, a small text file is read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-inputs-'));
  try {
    await writeFile(join(folder, 'a.txt'), 'hello');
    await writeFile(join(folder, 'b.png'), 'xyz');
    const inputs = await readInputs([`text=${join(folder, 'a.txt')}`, `image=${join(folder, 'b.png')}`], undefined);
    expect(inputs).toEqual({ text: { kind: 'text', text: 'hello' }, image: { kind: 'file', path: join(folder, 'b.png'), sizeBytes: 3 } });
  } finally {
    await rm(folder, { recursive: true });
  }
});
