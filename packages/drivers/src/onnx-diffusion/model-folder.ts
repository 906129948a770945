import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkUnet, type DiffusionModel, parseDiffusionConfig, type TensorSession, type TextTokenizer } from '@atelier/diffusion';
import { AtelierError } from '@atelier/protocol';
import { Tokenizer } from '@huggingface/tokenizers';
import { clipTokenizer } from './clip-tokenizer.ts';
import { openOnnxSession } from './onnx-session.ts';

export interface FolderOptions {
  readonly threads: number;
  /** Whether to read the vae_encoder, which only what begins with a picture needs. */
  readonly begins: 'from-noise' | 'from-picture';
}

/**
 * Reads a model in the diffusers folder layout for ONNX: text_encoder, unet, vae_decoder, vae_encoder, tokenizer and scheduler.
 * @throws AtelierError `invalid-input` naming the file that is missing or does not fit
 */
export async function openDiffusionFolder(folder: string, { threads, begins }: FolderOptions): Promise<{ model: DiffusionModel; close(): Promise<void> }> {
  const files = [
    'unet/config.json',
    'vae_decoder/config.json',
    'text_encoder/config.json',
    'tokenizer/tokenizer_config.json',
    'scheduler/scheduler_config.json',
  ];
  const [unetConfig, vaeConfig, textConfig, tokenizerConfig, scheduler] = await Promise.all(files.map((file) => readJson(folder, file)));
  const { config, maxTokens } = parseDiffusionConfig({ unet: unetConfig, vae: vaeConfig, textEncoder: textConfig, tokenizer: tokenizerConfig, scheduler });
  const tokenizer = textTokenizer(await readTokenizer(folder), tokenizerConfig as Record<string, unknown>);
  const opened: TensorSession[] = [];
  const open = async (network: string) => {
    const session = await openOnnxSession(join(folder, network, 'model.onnx'), threads);
    opened.push(session);
    return session;
  };
  const close = async () => {
    for (const session of opened.splice(0)) await session.close();
  };
  try {
    const text = { session: await open('text_encoder'), tokenizer, maxTokens };
    const model: DiffusionModel = {
      config,
      text,
      unet: await open('unet'),
      vaeDecoder: await open('vae_decoder'),
      vaeEncoder: begins === 'from-picture' ? await open('vae_encoder') : undefined,
    };
    checkUnet(model.unet);
    return { model, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readJson(folder: string, file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, file), 'utf8'));
  } catch (cause) {
    throw new AtelierError('invalid-input', `The model's ${file} is missing or is not JSON.`, {
      hint: 'A model for this driver is a folder in the diffusers layout; pull it again if it came from the catalogue.',
      cause,
    });
  }
}

/** tokenizer.json, or for CLIP the pair of files that came before it. */
async function readTokenizer(folder: string): Promise<object> {
  const merges = join(folder, 'tokenizer', 'merges.txt');
  const isOlder = !existsSync(join(folder, 'tokenizer', 'tokenizer.json')) && existsSync(merges);
  if (!isOlder) return (await readJson(folder, 'tokenizer/tokenizer.json')) as object;
  return clipTokenizer((await readJson(folder, 'tokenizer/vocab.json')) as Record<string, number>, await readFile(merges, 'utf8'));
}

function textTokenizer(json: object, config: Record<string, unknown>): TextTokenizer {
  const tokenizer = new Tokenizer(json, config);
  const given = config.pad_token;
  const padToken = typeof given === 'object' && given !== null ? (given as { content?: unknown }).content : given;
  return {
    encode: (text) => tokenizer.encode(text).ids,
    padId: typeof padToken === 'string' ? (tokenizer.token_to_id(padToken) ?? 0) : 0,
  };
}
