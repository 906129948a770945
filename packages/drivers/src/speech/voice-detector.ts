import { InferenceSession, Tensor } from 'onnxruntime-node';
import { frameSamples } from './voice-spans.ts';

/** Samples of the frame before that each frame is heard with. */
const contextSamples = 64;
/** Frames in one call: 16 seconds. */
const framesAtOnce = 512;
const stateShape = [1, 1, 128];

/** Says of each frame of a recording how likely somebody speaks in it. */
export interface VoiceDetector {
  /** @param samples one channel at 16 kHz @returns one likelihood a frame of 512 samples, 0 to 1; the last frame is filled up with silence */
  likelihoods(samples: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens Silero VAD in its sequence form (`silero_vad_16k_sequence.onnx`), which takes many frames in one call and hands its state on.
 * @param file where the graph lies
 */
export async function openVoiceDetector(file: string): Promise<VoiceDetector> {
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1, enableCpuMemArena: false });
  return {
    likelihoods: (samples) => listen(session, samples),
    close: () => session.release(),
  };
}

async function listen(session: InferenceSession, samples: Float32Array): Promise<Float32Array> {
  const frames = Math.ceil(samples.length / frameSamples);
  const found = new Float32Array(frames);
  let h: Tensor = new Tensor('float32', new Float32Array(128), stateShape);
  let c: Tensor = new Tensor('float32', new Float32Array(128), stateShape);
  for (let first = 0; first < frames; first += framesAtOnce) {
    const count = Math.min(framesAtOnce, frames - first);
    const input = new Tensor('float32', framesWithContext(samples, first, count), [count, contextSamples + frameSamples]);
    const { speech_probs, hn, cn } = (await session.run({ input, h, c })) as Record<'speech_probs' | 'hn' | 'cn', Tensor>;
    found.set(speech_probs.data as Float32Array, first);
    h = hn;
    c = cn;
  }
  return found;
}

/** Each row is a frame behind the last samples of the one before it; beyond both ends of the recording there is silence. */
function framesWithContext(samples: Float32Array, first: number, count: number): Float32Array {
  const width = contextSamples + frameSamples;
  const rows = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const from = (first + row) * frameSamples - contextSamples;
    rows.set(samples.subarray(Math.max(0, from), from + width), row * width + Math.max(0, -from));
  }
  return rows;
}
