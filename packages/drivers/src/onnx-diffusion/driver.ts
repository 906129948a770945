import type { DiffusionModel } from '@atelier/diffusion';
import { z } from 'zod';
import type { Driver, LoadedModel, StepRequest, StepResult } from '../driver.ts';
import { chooseDevice, describeDevice, deviceWishes } from '../onnx/index.ts';
import { readOptions, refuseTask } from '../step-files.ts';
import { runImageToImage } from './image-to-image.ts';
import { runInpainting } from './inpainting.ts';
import { openDiffusionFolder } from './model-folder.ts';
import { runTextToImage } from './text-to-image.ts';
import { runWalkFrame } from './walk.ts';

const Options = z
  .strictObject({
    /** What the model runs on, unless the edge's owner says otherwise with ATELIER_DEVICE. */
    device: z.enum(deviceWishes).optional(),
    /** A second model in a folder of this one, as SDXL's refiner, and the share of the schedule after which it takes over. */
    refiner: z
      .strictObject({ folder: z.string().regex(/^(?!\/)(?!.*\.\.)/, 'a folder inside of the model'), from: z.number().gt(0).lt(1).default(0.8) })
      .optional(),
  })
  .default({});

/** By the names of the tasks. Every one of them works on the same loaded model. */
const tasks: Readonly<Record<string, (model: DiffusionModel, request: StepRequest, modelId: string) => Promise<StepResult>>> = {
  'text-to-image': runTextToImage,
  'image-to-image': runImageToImage,
  inpainting: runInpainting,
  'latent-walk': runWalkFrame,
};

/** Draws with a model in the diffusers folder layout. */
export const onnxDiffusion: Driver = {
  name: 'onnx-diffusion',
  async load({ manifest, folder }, { threads }): Promise<LoadedModel> {
    const { device: wish, refiner } = readOptions(Options, manifest);
    const { device } = await chooseDevice(wish);
    const notices = new Notices();
    const { model, close } = await openDiffusionFolder(folder, { threads, device, refiner, onNotice: (notice) => notices.tell(notice) });
    return { run: (request) => notices.during(request, (watched) => runTask(model, watched, manifest.id)), close };
  },
  describeDevice: () => describeDevice(),
};

async function runTask(model: DiffusionModel, request: StepRequest, modelId: string): Promise<StepResult> {
  const run = tasks[request.task.name] ?? refuseTask('onnx-diffusion', request.task.name);
  return run(model, request, modelId);
}

/** Brings what the networks of a model tell into the progress of the step that runs, at once and again at its end. */
class Notices {
  #tell: (notice: string) => void = () => undefined;

  tell(notice: string): void {
    this.#tell(notice);
  }

  async during(request: StepRequest, run: (watched: StepRequest) => Promise<StepResult>): Promise<StepResult> {
    const { report } = request;
    let done = 0;
    let told: string | undefined;
    const progress = (fraction: number, message?: string) => {
      done = fraction;
      report.progress(fraction, message);
    };
    this.#tell = (notice) => {
      told = notice;
      report.progress(done, notice);
    };
    const watched = { ...request, report: { progress, preview: report.preview.bind(report), text: report.text.bind(report) } };
    const result = await run(watched);
    report.progress(1, told);
    return result;
  }
}
