import { readFile } from 'node:fs/promises';
import { philox, seededNormals } from '@atelier/diffusion';
import { decodeAudio } from '@atelier/media';
import { z } from 'zod';

const rate = 16_000;
const fixtures = new URL('../../fixtures/speech/', import.meta.url);
const Pieces = z.array(z.object({ file: z.string(), text: z.string() }));

/** A recording and every word that is said in it. */
export interface SpeechSet {
  readonly samples: Float32Array;
  readonly said: string;
}

interface Piece {
  readonly samples: Float32Array;
  readonly text: string;
}

/** What lies between sentences, or behind them. */
type Background = 'nothing' | 'pink noise' | 'hum' | 'chords';

/** Puts a recording together, sentence by sentence, with a seed for the pauses and the noise. */
class Recording {
  readonly #parts: Float32Array[] = [];
  readonly #said: string[] = [];
  readonly #seed: number;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get seconds(): number {
    return this.#parts.reduce((sum, { length }) => sum + length, 0) / rate;
  }

  /** @param decibels how much louder the sentence is than what is behind it */
  say(piece: Piece, background: Background = 'nothing', decibels = 15): void {
    const level = loudness(piece.samples) / 10 ** (decibels / 20);
    const behind = this.#background(background, piece.samples.length);
    const scale = background === 'nothing' ? 0 : level / loudness(behind);
    this.#parts.push(piece.samples.map((value, index) => value + scale * (behind[index] as number)));
    this.#said.push(piece.text);
  }

  /** A pause of a length between the two, drawn evenly in its logarithm. */
  pause(shortest: number, longest: number, background: Background = 'nothing', level = 0.02): void {
    const share = (philox([this.#count++, 0, 1, 0], [this.#seed, 0])[0] as number) / 2 ** 32;
    const behind = this.#background(background, Math.round(shortest * (longest / shortest) ** share * rate));
    const scale = background === 'nothing' ? 0 : level / loudness(behind);
    this.#parts.push(behind.map((value) => scale * value));
  }

  fillUpTo(seconds: number): SpeechSet {
    const samples = new Float32Array(Math.round(Math.max(seconds, this.seconds) * rate));
    let offset = 0;
    for (const part of this.#parts) {
      samples.set(part, offset);
      offset += part.length;
    }
    return { samples, said: this.#said.join(' ') };
  }

  #background(kind: Background, length: number): Float32Array {
    if (kind === 'pink noise') return pinkNoise(this.#seed, this.#count++, length);
    if (kind === 'hum') return tones([50, 100, 150, 250, 350], length);
    if (kind === 'chords') return chords(length);
    return new Float32Array(length);
  }
}

/** One minute: a sentence after each kind of pause, in noise, and four times. @param seed of pauses and noise */
export async function shortSet(seed: number): Promise<SpeechSet> {
  const { jfk, named } = await readPieces();
  const recording = new Recording(seed);
  recording.pause(1, 2);
  recording.say(jfk);
  recording.pause(5, 7, 'chords');
  for (const piece of named('austen')) {
    recording.say(piece, 'pink noise', 20);
    recording.pause(0.3, 1);
  }
  recording.pause(3, 5, 'hum');
  for (let time = 0; time < 4; time++) recording.say(named('shepherd')[1] as Piece);
  return recording.fillUpTo(60);
}

/** Ten minutes. @param seed of pauses and noise */
export async function longSet(seed: number): Promise<SpeechSet> {
  const { jfk, named } = await readPieces();
  const recording = new Recording(seed);
  const read = (name: string, background: Background = 'nothing', decibels = 15) => {
    for (const piece of named(name)) {
      recording.say(piece, background, decibels);
      recording.pause(0.1, 4);
    }
  };
  recording.say(jfk);
  recording.pause(8, 12, 'pink noise');
  read('gettysburg');
  recording.pause(8, 12, 'chords');
  read('austen');
  read('sonnet-1', 'hum', 25);
  recording.pause(10, 12);
  for (let time = 0; time < 12; time++) recording.say(named('austen')[4] as Piece);
  recording.pause(5, 8, 'hum');
  read('constitution');
  recording.say(jfk, 'pink noise', 20);
  recording.pause(8, 12, 'pink noise', 0.05);
  read('pride');
  read('austen', 'pink noise', 20);
  read('sonnet-2', 'pink noise', 25);
  for (let time = 0; time < 12; time++) {
    recording.say(named('pride')[3] as Piece);
    recording.pause(0.5, 1);
  }
  read('declaration');
  recording.pause(8, 12, 'chords', 0.05);
  read('shepherd');
  return recording.fillUpTo(600);
}

/** A minute of somebody whom no other set holds: what helps the others must not harm it. @param seed of pauses */
export async function heldOutSet(seed: number): Promise<SpeechSet> {
  const { named } = await readPieces();
  const recording = new Recording(seed);
  for (const piece of named('sonnet-3')) {
    recording.say(piece);
    recording.pause(0.5, 4);
  }
  return recording.fillUpTo(60);
}

/** Nothing but one background, for a minute. */
export function minuteOf(background: Background, seed: number): Float32Array {
  const recording = new Recording(seed);
  recording.pause(60, 60, background, 0.1);
  return recording.fillUpTo(60).samples;
}

async function readPieces() {
  const listed = Pieces.parse(JSON.parse(await readFile(new URL('pieces.json', fixtures), 'utf8')));
  const pieces = new Map<string, Piece>();
  for (const { file, text } of listed) pieces.set(file, { text, samples: await samplesOf(new URL(file, fixtures)) });
  const jfk = {
    samples: await samplesOf(new URL('../../../../examples/audio/jfk.wav', import.meta.url)),
    text: 'And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.',
  };
  const named = (name: string) => [...pieces].flatMap(([file, piece]) => (file.startsWith(`${name}-`) ? [piece] : []));
  return { jfk, named };
}

async function samplesOf(file: URL): Promise<Float32Array> {
  return (await decodeAudio(await readFile(file), rate)).samples;
}

/** Root mean square. */
function loudness(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length) || 1;
}

/** White noise through Paul Kellet's economy filter: as much energy in each octave. */
function pinkNoise(seed: number, stream: number, length: number): Float32Array {
  const filters = [0.99765, 0.963, 0.57] as const;
  const gains = [0.099046, 0.2965164, 1.0526913] as const;
  const state = [0, 0, 0];
  return seededNormals(seed, stream, length).map((value) => {
    for (const [band, filter] of filters.entries()) state[band] = filter * (state[band] as number) + value * (gains[band] as number);
    return state.reduce((sum, part) => sum + part, 0) + 0.1848 * value;
  });
}

function tones(hertz: readonly number[], length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) =>
    hertz.reduce((sum, each, place) => sum + Math.sin((2 * Math.PI * each * index) / rate + place) / (place + 1), 0),
  );
}

/** Four triads, two seconds each, struck and dying away as of a piano. */
function chords(length: number): Float32Array {
  const triads = [
    [0, 4, 7],
    [5, 9, 12],
    [7, 11, 14],
    [9, 12, 16],
  ] as const;
  return Float32Array.from({ length }, (_, index) => {
    const triad = triads[Math.floor(index / rate / 2) % 4] as readonly number[];
    const since = (index / rate) % 2;
    const wave = (semitone: number, harmonic: number) => Math.sin(2 * Math.PI * 261.63 * 2 ** (semitone / 12) * harmonic * since) / harmonic ** 1.5;
    return Math.exp(-1.2 * since) * triad.reduce((sum, semitone) => sum + wave(semitone, 1) + wave(semitone, 2) + wave(semitone, 3), 0);
  });
}
