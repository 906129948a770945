import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { AtelierClient } from '@atelier/client';
import { AtelierError, decodeText, limits, type OutputId, type ResolvedChain } from '@atelier/protocol';
import { isKnownEnding, mediaTypeOfFile } from './media-types.ts';

/** A value given with --input. */
export type GivenInput = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'file'; readonly path: string; readonly sizeBytes: number };

/**
 * Reads `--input VALUE` and `--input NAME=VALUE`. A value that names a file is that file, a small text file its text; `-` is the
 * standard input; all else is text, but for what looks like a file that is not there.
 * @param names the chain's inputs, where known; without them every NAME= is one
 * @throws AtelierError `invalid-input`
 */
export async function readInputs(given: readonly string[], names: readonly string[] | undefined): Promise<Record<string, GivenInput>> {
  const inputs: Record<string, GivenInput> = {};
  for (const one of given) {
    const match = /^([A-Za-z][A-Za-z0-9]{0,62})=(.*)$/s.exec(one);
    const named = match && (names === undefined || names.includes(match[1] as string) || match[1] === 'input');
    const name = named ? (match[1] as string) : 'input';
    if (inputs[name])
      throw new AtelierError('invalid-input', name === 'input' ? 'The input is given twice.' : `The input "${name}" is given twice.`, {
        hint: severalInputs(names),
      });
    inputs[name] = await readValue(named ? (match[2] as string) : one);
  }
  return inputs;
}

function severalInputs(names: readonly string[] | undefined): string {
  const example = names && names.length > 0 ? names : ['image', 'prompt'];
  return `Name each one: ${example.map((name) => `--input ${name}=...`).join(' ')}`;
}

/**
 * What a word on the command line means: a file, the text of a small text file, or the word itself.
 * @param textHint how to give a text that only looks like a file
 * @throws AtelierError `invalid-input` for a folder, and for what looks like a file that is not there
 */
export async function readValue(
  value: string,
  textHint = 'A text that only looks like a path can be given by: --input - with the text on the standard input.',
): Promise<GivenInput> {
  if (value === '-') return { kind: 'text', text: await readAll(process.stdin) };
  const found = value.length < 4096 && !value.includes('\n') ? await stat(value).catch(() => undefined) : undefined;
  if (found?.isDirectory()) throw new AtelierError('invalid-input', `${value} is a folder, not a file.`);
  if (found) return asText(value, found.size);
  if (await looksLikePath(value))
    throw new AtelierError('invalid-input', `There is no file ${value}.`, {
      hint: `Look at the path. ${textHint}`,
    });
  return { kind: 'text', text: value };
}

/** A small text file is sent as its text, so that it fits every text input. */
async function asText(path: string, sizeBytes: number): Promise<GivenInput> {
  if (!mediaTypeOfFile(path).startsWith('text/') || sizeBytes > limits.textBytes) return { kind: 'file', path, sizeBytes };
  return { kind: 'text', text: decodeText(await readFile(path)) };
}

/** With spaces in it too: an ending of files at its end, or a beginning of paths, if it is one word or its folder is there. */
async function looksLikePath(value: string): Promise<boolean> {
  if (/[\r\n]/.test(value) || value.length > mostPathCharacters) return false;
  if (isKnownEnding(value)) return true;
  if (!/^(\.{0,2}\/|~\/|[A-Za-z]:\\)/.test(value)) return false;
  const folder = dirname(value);
  return (
    !/\s/.test(value.trim()) ||
    (folder !== '/' &&
      (await stat(folder).then(
        (found) => found.isDirectory(),
        () => false,
      )))
  );
}

const mostPathCharacters = 1024;

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part as Buffer));
  return decodeText(Buffer.concat(parts)).replace(/\r?\n$/, '');
}

/** Bytes by the chain's own names, for predicting transfers. */
export function inputBytes(inputs: Readonly<Record<string, GivenInput>>, chain: ResolvedChain | undefined): Record<string, number> {
  const only = Object.keys(chain?.inputs ?? {});
  const entries = Object.entries(inputs).map(([name, input]) => [
    name === 'input' && only.length === 1 ? only[0] : name,
    input.kind === 'text' ? Buffer.byteLength(input.text) : input.sizeBytes,
  ]);
  return Object.fromEntries(entries);
}

/** Uploads what is a file. @returns the values as a new run takes them */
export async function sendInputs(
  client: AtelierClient,
  inputs: Readonly<Record<string, GivenInput>>,
  onProgress: (name: string, fraction: number) => void,
): Promise<Record<string, { text: string } | { outputId: OutputId }>> {
  const sent: Record<string, { text: string } | { outputId: OutputId }> = {};
  for (const [name, input] of Object.entries(inputs)) {
    if (input.kind === 'text') {
      sent[name] = { text: input.text };
      continue;
    }
    const file = basename(input.path);
    const options = {
      name: file,
      mediaType: mediaTypeOfFile(file),
      onProgress: (done: number, total: number) => onProgress(file, total === 0 ? 1 : done / total),
    };
    const { outputId } = await client.upload(createReadStream(input.path), options);
    sent[name] = { outputId };
  }
  return sent;
}
