import { readFile } from 'node:fs/promises';
import { damaged } from '../refusals.ts';
import { objectTypeOf, requireKind } from './audio-specific-config.ts';

/** What `decoder.c` of packages/media/libxaac exports. */
interface Module {
  _initialize(): void;
  start(): number;
  configure(bytes: number): number;
  is_configured(): number;
  decode(bytes: number): number;
  input(): number;
  input_bytes(): number;
  used_bytes(): number;
  output(): number;
  output_bytes(): number;
  sample_rate(): number;
  channels(): number;
  sbr_mode(): number;
}

const wasm = new URL('./libxaac.wasm', import.meta.url);
let compiled: Promise<WebAssembly.Module> | undefined;

/** As the module declares it, in pages of 64 KiB: what it begins with, and all that it may ever take. */
const memoryPages = { initial: 25, maximum: 1024 };

/** Samples of all channels, from -1 to 1, and how many a second. */
export interface AacPart {
  readonly channels: readonly Float32Array[];
  readonly sampleRate: number;
}

/**
 * Decodes AAC unit by unit: LC, LTP, HE-AAC, HE-AAC v2, LD and ELD. What it gives begins where the first unit does.
 * A unit that cannot be decoded leaves a gap. A decoder takes 40 MiB and never more than 64, whatever it is given.
 */
export class AacDecoder {
  readonly #compiled: WebAssembly.Module;
  readonly #memory = new WebAssembly.Memory(memoryPages);
  readonly #config: Uint8Array;
  #module: Module | undefined;
  #isFirst = true;
  #lagsBehind = false;
  #last: Uint8Array | undefined;

  /** @throws AtelierError `unsupported-media` for a kind of AAC that is not decoded */
  static async open(config: Uint8Array): Promise<AacDecoder> {
    requireKind(objectTypeOf(config));
    compiled ??= readFile(wasm).then((bytes) => WebAssembly.compile(bytes));
    return new AacDecoder(await compiled, config);
  }

  private constructor(module: WebAssembly.Module, config: Uint8Array) {
    this.#compiled = module;
    this.#config = config;
  }

  /**
   * @param units raw data blocks one behind the other
   * @param count of them, nearly always one
   * @returns what came out, a part a block; undefined if they cannot be decoded
   */
  decode(units: Uint8Array, count = 1): AacPart[] | undefined {
    const parts: AacPart[] = [];
    try {
      const module = this.#module ?? this.#begin(units);
      this.#module = module;
      let rest = units;
      for (let i = 0; i < count; i++) {
        const part = this.#decodeOne(module, rest);
        if (part !== undefined) parts.push(part);
        this.#last = rest;
        rest = rest.subarray(module.used_bytes());
      }
    } catch (cause) {
      if (!(cause instanceof WebAssembly.RuntimeError || cause instanceof BrokenUnit)) throw cause;
      if (cause instanceof WebAssembly.RuntimeError) this.#module = undefined;
      return undefined;
    }
    return parts;
  }

  /** What is still to come behind the last unit. */
  end(): AacPart[] {
    const last = this.#lagsBehind && this.#module !== undefined ? this.#last : undefined;
    return last === undefined ? [] : (this.decode(last) ?? []);
  }

  /** A module that trapped is begun again in the same memory, since its own would stay until it is collected. */
  #begin(first: Uint8Array): Module {
    new Uint8Array(this.#memory.buffer, 0, memoryPages.initial * 65_536).fill(0);
    const module = new WebAssembly.Instance(this.#compiled, { env: { memory: this.#memory } }).exports as unknown as Module;
    module._initialize();
    if (module.start() !== 0) throw damaged('its AAC cannot be decoded');
    this.#put(module, this.#config);
    if (module.configure(this.#config.length) !== 0) throw damaged('the head of its AAC track cannot be read');
    this.#put(module, first);
    module.configure(first.length);
    if (module.is_configured() !== 1) throw new BrokenUnit();
    this.#isFirst = true;
    return module;
  }

  #put(module: Module, bytes: Uint8Array): void {
    if (bytes.length > module.input_bytes()) throw new BrokenUnit();
    new Uint8Array(this.#memory.buffer, module.input(), bytes.length).set(bytes);
  }

  #decodeOne(module: Module, unit: Uint8Array): AacPart | undefined {
    this.#put(module, unit);
    if (module.decode(unit.length) !== 0) throw new BrokenUnit();
    const channels = module.channels();
    const sampleRate = module.sample_rate();
    const samples = new Int16Array(this.#memory.buffer, module.output(), module.output_bytes() / 2);
    if (samples.length === 0 || channels < 1 || sampleRate < 1) throw new BrokenUnit();
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    // With SBR it is one unit late.
    this.#lagsBehind = module.sbr_mode() === 1;
    if (isFirst && this.#lagsBehind) return undefined;
    return { channels: planes(samples, channels, isFirst ? limiterLag(samples.length / channels, sampleRate) : 0), sampleRate };
  }
}

/** That a unit cannot be decoded. */
class BrokenUnit extends Error {}

/** Samples in a unit without SBR. */
const unitSamples = [480, 512, 960, 1024];

/** Of its first unit libxaac leaves out the lag of its limiter, 5 ms, though that is turned off. */
function limiterLag(samples: number, sampleRate: number): number {
  const lag = Math.trunc(sampleRate / 200);
  return unitSamples.includes(samples + lag) ? lag : 0;
}

function planes(interleaved: Int16Array, count: number, zerosBefore: number): Float32Array[] {
  const length = Math.floor(interleaved.length / count);
  return Array.from({ length: count }, (_, channel) => {
    const plane = new Float32Array(zerosBefore + length);
    for (let i = 0; i < length; i++) plane[zerosBefore + i] = (interleaved[i * count + channel] as number) / 32768;
    return plane;
  });
}
