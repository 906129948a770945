import { encodeWav } from '@atelier/media/wav';

/** A recording in progress. */
export interface Recording {
  /** How loud it is now, 0 to 1. */
  level(): number;
  /** Ends it and gives it as a 16-bit WAV at 16 kHz, which speech models read. */
  stop(): Promise<File>;
  /** Ends it and throws it away. */
  discard(): void;
}

const speechRate = 16_000;

/** Records the microphone. @throws DOMException `NotAllowedError` if the user or the system forbids it */
export async function startRecording(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const recorder = new MediaRecorder(stream);
  const chunks: Blob[] = [];
  recorder.ondataavailable = (event) => void chunks.push(event.data);
  recorder.start(250);
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
  return {
    level: () => {
      analyser.getFloatTimeDomainData(wave);
      const power = wave.reduce((sum, sample) => sum + sample * sample, 0) / wave.length;
      return Math.min(1, Math.sqrt(power) * 4);
    },
    stop: async () => {
      const ended = new Promise((resolve) => recorder.addEventListener('stop', resolve, { once: true }));
      recorder.stop();
      await ended;
      try {
        return await asSpeech(new Blob(chunks, { type: recorder.mimeType }), context);
      } finally {
        release();
      }
    },
    discard: () => {
      if (recorder.state !== 'inactive') recorder.stop();
      release();
    },
  };
}

async function asSpeech(blob: Blob, context: AudioContext): Promise<File> {
  const decoded = await context.decodeAudioData(await blob.arrayBuffer());
  const offline = new OfflineAudioContext(1, Math.max(1, Math.ceil(decoded.duration * speechRate)), speechRate);
  const source = new AudioBufferSourceNode(offline, { buffer: decoded });
  source.connect(offline.destination);
  source.start();
  const rendered = await offline.startRendering();
  const time = new Date().toTimeString().slice(0, 5).replace(':', '.');
  return new File([encodeWav({ samples: rendered.getChannelData(0), sampleRate: speechRate })], `Recording ${time}.wav`, { type: 'audio/wav' });
}
