import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkUnet,
  createModelMemory,
  type DiffusionConfig,
  type DiffusionModel,
  type Network,
  parseDiffusionConfig,
  type TensorSession,
  type TextEncoderModel,
  tokensAtOnce,
} from '@atelier/diffusion';
import { AtelierError } from '@atelier/protocol';
import type { Device } from '../onnx/index.ts';
import { openOnnxSession } from '../onnx/index.ts';
import { float32Graph } from './float32-graph.ts';
import { withFloat32Retry } from './half-precision.ts';
import { readJson, readTokenizer } from './text-tokenizer.ts';

export interface FolderOptions {
  readonly threads: number;
  /** Left out: the CPU. */
  readonly device?: Device;
  /** A second model, in a folder inside of this one, that takes over after a share of the schedule. */
  readonly refiner?: { readonly folder: string; readonly from: number } | undefined;
  /** Told what somebody who waits for a picture should know. */
  readonly onNotice?: (notice: string) => void;
  /** Opens one network; left out, with ONNX Runtime. */
  readonly open?: typeof openOnnxSession;
}

export interface OpenedModel {
  readonly model: DiffusionModel;
  close(): Promise<void>;
}

/**
 * Reads a model in the diffusers folder layout for ONNX: text_encoder (and text_encoder_2), unet, vae_decoder, vae_encoder, tokenizer and
 * scheduler. Every network is opened once, whichever tasks use it; the vae_encoder only when a picture comes.
 * @throws AtelierError `invalid-input` naming the file that is missing or does not fit
 */
export async function openDiffusionFolder(folder: string, options: FolderOptions): Promise<OpenedModel> {
  const networks = new Networks(options);
  const close = () => networks.close();
  try {
    const base = await readParts(folder, networks);
    const refiner = options.refiner && { model: await readParts(join(folder, options.refiner.folder), networks), from: options.refiner.from };
    const vaeDecoder = networks.lazy(folder, 'vae_decoder');
    const vaeEncoder = existsSync(join(folder, 'vae_encoder', 'model.onnx')) ? networks.lazy(folder, 'vae_encoder') : undefined;
    const model: DiffusionModel = { ...base, vaeDecoder, vaeEncoder, refiner };
    for (const part of [base, ...(refiner ? [refiner.model] : [])]) for (const { session } of part.textEncoders) await session();
    for (const network of [model.unet, ...(refiner ? [refiner.model.unet] : []), vaeDecoder]) await network();
    return { model, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Parts = Pick<DiffusionModel, 'config' | 'textEncoders' | 'unet' | 'memory'>;

async function readParts(folder: string, networks: Networks): Promise<Parts> {
  const config = await readConfig(folder);
  const names = ['text_encoder', 'text_encoder_2'].filter((name) => existsSync(join(folder, name)));
  if (names.length === 0) throw new AtelierError('invalid-input', "The model's text_encoder/config.json is missing.", { hint: 'Pull the model again.' });
  const textEncoders: TextEncoderModel[] = [];
  for (const name of names) {
    const { tokenizer, config: tokenizerConfig } = await readTokenizer(folder, name.replace('text_encoder', 'tokenizer'));
    const maxTokens = tokensAtOnce(name, await readJson(folder, `${name}/config.json`), tokenizerConfig);
    const layer = names.includes('text_encoder_2') ? 'penultimate' : 'last';
    textEncoders.push({ session: networks.lazy(folder, name), tokenizer, maxTokens, layer });
  }
  return { config, textEncoders, unet: networks.lazy(folder, 'unet', checkUnet), memory: createModelMemory() };
}

async function readConfig(folder: string): Promise<DiffusionConfig> {
  // One after the other, so that of several missing files it is always the first that is named.
  const unet = await readJson(folder, 'unet/config.json');
  const vae = await readJson(folder, 'vae_decoder/config.json');
  const scheduler = await readJson(folder, 'scheduler/scheduler_config.json');
  const index = existsSync(join(folder, 'model_index.json')) ? await readJson(folder, 'model_index.json') : {};
  return parseDiffusionConfig({ index, unet, vae, scheduler });
}

/** The networks of a loaded model, each opened when it is first asked for. */
class Networks {
  readonly #options: FolderOptions;
  readonly #opened: Promise<TensorSession>[] = [];

  constructor(options: FolderOptions) {
    this.#options = options;
  }

  /** @throws AtelierError `invalid-input` at once where the file is missing */
  lazy(folder: string, name: string, check?: (session: TensorSession) => void): Network {
    const file = join(folder, name, 'model.onnx');
    if (!existsSync(file)) {
      throw new AtelierError('invalid-input', `The model's ${name}/model.onnx is missing.`, { hint: 'Pull the model again, or export it again in full.' });
    }
    let session: Promise<TensorSession> | undefined;
    return () => {
      session ??= this.#open(file, name, check);
      return session;
    };
  }

  #open(file: string, name: string, check?: (session: TensorSession) => void): Promise<TensorSession> {
    const { threads, device = 'cpu', open = openOnnxSession, onNotice } = this.#options;
    const opening = open(file, { threads, device }).then((session) => {
      check?.(session);
      // Where no copy can be made or opened, the pipeline refuses the values with what can be done about them.
      const openFloat32 = async () => {
        const graph = await float32Graph(file).catch(() => undefined);
        return graph && open(file, { threads, device, graph }).catch(() => undefined);
      };
      return withFloat32Retry(session, {
        openFloat32,
        onRetry: () => onNotice?.(`half precision overflowed in the ${name}, so it was computed again in float32`),
      });
    });
    this.#opened.push(opening);
    return opening;
  }

  async close(): Promise<void> {
    for (const opening of this.#opened.splice(0)) await opening.then((session) => session.close()).catch(() => undefined);
  }
}
