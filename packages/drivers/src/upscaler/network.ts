import { floatTensor, type TensorSession } from '@atelier/diffusion';
import { AtelierError, type ModelManifest } from '@atelier/protocol';
import type { EnlargeTile, TileSize } from './tiles.ts';

/** A network that makes pictures larger by a whole factor. */
export interface UpscalingNetwork {
  readonly scale: number;
  /** The side of the tiles that it takes, where its graph leaves no choice. */
  readonly fixedSide: number | undefined;
  readonly enlarge: EnlargeTile;
}

const probeSide = 32;

/**
 * Looks what a graph is by sending a grey tile through it.
 * @param white the value that its pixels have for white: 1 or 255
 * @throws AtelierError `invalid-input` if it is no upscaler: batch x 3 x height x width in, the same out, larger by a whole factor
 */
export async function openUpscalingNetwork(session: TensorSession, white: number, { id }: ModelManifest): Promise<UpscalingNetwork> {
  const [input, output] = [session.inputNames[0] as string, session.outputNames[0] as string];
  const shape = session.inputs[input]?.shape ?? [];
  const isPicture = session.inputNames.length === 1 && shape.length === 4 && (typeof shape[1] === 'string' || shape[1] === 3 || Number(shape[1]) < 0);
  if (!isPicture) throw unfit(id, `it takes ${session.inputNames.join(', ')} of shape [${shape.join(', ')}], not one image of batch x 3 x height x width`);
  const side = Number(shape[2]);
  const fixedSide = side > 0 ? side : undefined;
  if (fixedSide !== undefined && shape[3] !== fixedSide) throw unfit(id, 'its tiles are not square');

  async function run(planes: Float32Array, of: TileSize) {
    const { [output]: result } = await session.run({
      [input]: floatTensor([1, 3, of.height, of.width], white === 1 ? planes : planes.map((value) => value * white)),
    });
    if (result?.type !== 'float32') throw unfit(id, 'its result is not an image');
    return result;
  }

  const probe = fixedSide ?? probeSide;
  const probed = await run(new Float32Array(3 * probe ** 2).fill(0.5), { width: probe, height: probe });
  const scale = Number(probed.shape[2]) / probe;
  if (probed.shape.length !== 4 || probed.shape[1] !== 3 || probed.shape[2] !== probed.shape[3] || !Number.isInteger(scale) || scale < 2) {
    throw unfit(id, `a tile of ${probe} pixels becomes [${probed.shape.join(', ')}]`);
  }
  return {
    scale,
    fixedSide,
    async enlarge(planes, of) {
      const { data } = await run(planes, of);
      return white === 1 ? data : data.map((value) => value / white);
    },
  };
}

function unfit(id: string, why: string): AtelierError {
  return new AtelierError('invalid-input', `The graph of ${id} is no upscaler: ${why}.`, {
    hint: 'Name a graph that takes and gives batch x 3 x height x width under options.graph of the manifest.',
  });
}
