import { describe, expect, test } from 'vitest';
import { sniffMediaType } from '../sniff.ts';
import { encodeWav } from '../wav.ts';
import { decodeAudio } from './decode-audio.ts';
import { isSilent } from './mono-sound.ts';
import { resample } from './resample.ts';
import { amplitudeOf, chunk, encoded, fixture, format, id3, riff, toneAt } from './sound-files.ts';

const tone = (frequency: number, sampleRate: number, seconds = 1, amplitude = 0.5) => ({
  samples: toneAt(frequency, sampleRate, seconds, amplitude),
  sampleRate,
});

const files = {
  'tone.mp3': 'audio/mpeg',
  'tone-22k.mp3': 'audio/mpeg',
  'tone.ogg': 'audio/ogg',
  'tone-opus.ogg': 'audio/ogg',
  'tone.flac': 'audio/flac',
  'tone.aac': 'audio/aac',
  'tone-he.aac': 'audio/aac',
  'tone-he.m4a': 'audio/mp4',
  'tone-alac.m4a': 'audio/mp4',
  'tone.m4a': 'audio/mp4',
  'tone.mka': 'audio/x-matroska',
  'recorded.webm': 'audio/webm',
  'recorded.mp4': 'audio/mp4',
  'recorded-opus.mp4': 'audio/mp4',
  'film.mp4': 'video/mp4',
} as const;

async function expectTheTone(bytes: Uint8Array, what: string, seconds = 1): Promise<void> {
  const sound = await decodeAudio(bytes, 16000);
  expect(Math.abs(sound.samples.length - 16000 * seconds), what).toBeLessThan(1600 * seconds);
  for (let from = 0; from < Math.round(seconds); from++) {
    const second = { samples: sound.samples.subarray(from * 16000, (from + 1) * 16000), sampleRate: 16000 };
    expect(Math.abs(amplitudeOf(440, second) - 0.5), what).toBeLessThan(0.06);
    expect(amplitudeOf(1000, second), what).toBeLessThan(0.03);
  }
}

describe.each(Object.entries(files))('%s', (name, mediaType) => {
  test('is recognised and decoded: one second of a tone of 440 Hz at half of full scale', async () => {
    expect(sniffMediaType(fixture(name))).toBe(mediaType);
    await expectTheTone(fixture(name), name);
  });

  test('is the same with zeros or words behind it', async () => {
    for (const behind of [Buffer.alloc(5000), Buffer.from('the quick brown fox '.repeat(30))]) {
      await expectTheTone(Buffer.concat([fixture(name), behind]), `${behind.length} bytes behind`);
    }
  });
});

describe.each(['tone.ogg', 'tone-opus.ogg', 'tone.flac', 'tone.m4a', 'tone.mka', 'recorded.webm', 'recorded.mp4', 'recorded-opus.mp4', 'tone.mp3'])(
  '%s',
  (name) => {
    test('cut well before its end, is damaged, and what is whole is told and can be taken', async () => {
      const whole = fixture(name);
      for (const share of [0.2, 0.53, 0.8]) {
        const cut = whole.subarray(0, Math.floor(whole.length * share));
        await expect(decodeAudio(cut, 16000), `cut at ${share}`).rejects.toMatchObject({ code: 'damaged-media' });
        const taken = await decodeAudio(cut, 16000, { takesCut: true }).catch((error: Error) => error.message);
        if (typeof taken === 'string') expect(taken, `cut at ${share}`).toMatch(/table of contents|no sound|no sound track|head cannot be read/);
        else expect(taken.samples.length).toBeLessThan(16000 * (share + 0.12));
      }
    });
  },
);

test('the error for a lost half says how many seconds are whole, and of how many', async () => {
  const samples = encoded(toneAt(440, 16000, 8), 16);
  const bytes = riff(format(1, 16), chunk('data', samples));
  await expect(decodeAudio(bytes.subarray(0, 44 + samples.length / 2), 16000)).rejects.toMatchObject({
    code: 'damaged-media',
    message: expect.stringContaining('4.0 of 8.0 seconds are whole'),
  });
  expect((await decodeAudio(bytes.subarray(0, 44 + samples.length / 2), 16000, { takesCut: true })).samples).toHaveLength(64000);
});

test('of a Matroska file that was cut, the blocks of its last cluster are whole too', async () => {
  const whole = fixture('tone.mka');
  for (const [share, seconds] of [
    [0.8, 0.45],
    [0.9, 0.75],
  ] as const) {
    const { samples } = await decodeAudio(whole.subarray(0, Math.floor(whole.length * share)), 16000, { takesCut: true });
    expect(samples.length / 16000, `cut at ${share}`).toBeCloseTo(seconds, 1);
  }
});

test('more recordings in one file than are heard are refused before any is', async () => {
  const two = Buffer.concat([fixture('tone.ogg'), fixture('tone-22k.mp3')]);
  await expect(decodeAudio(Buffer.concat(Array.from({ length: 501 }, () => two)), 16000)).rejects.toMatchObject({ code: 'too-large' });
});

test('a long WAV (RF64) that was cut is damaged, whole it is taken', async () => {
  const samples = encoded(toneAt(440, 16000), 16);
  const long = Buffer.alloc(28);
  long.writeBigUInt64LE(BigInt(samples.length + 80), 0);
  long.writeBigUInt64LE(BigInt(samples.length), 8);
  const body = Buffer.concat([
    Buffer.from('RF64\xff\xff\xff\xffWAVE', 'latin1'),
    chunk('ds64', long),
    format(1, 16),
    chunk('data', samples, { length: 0xffff_ffff }),
  ]);
  await expectTheTone(body, 'whole');
  const tiny = Buffer.concat([
    Buffer.from('RF64\xff\xff\xff\xffWAVE', 'latin1'),
    chunk('fmt ', Buffer.alloc(0)),
    chunk('data', Buffer.alloc(0), { length: 0xffff_ffff }),
  ]);
  await expect(decodeAudio(tiny, 16000)).rejects.toMatchObject({ code: 'damaged-media' });
  const cut = decodeAudio(body.subarray(0, body.length - samples.length / 2), 16000);
  await expect(cut).rejects.toMatchObject({ code: 'damaged-media', message: expect.stringContaining('0.5 of 1.0 seconds') });
});

test.each(['tone.mp3', 'tone-22k.mp3', 'tone.aac'])('%s cut within its last frame is taken', async (name) => {
  await expectTheTone(fixture(name).subarray(0, -20), name);
});

test('a tag before the sound does not hide its kind', async () => {
  for (const name of ['tone.flac', 'tone.aac', 'tone.mp3'] as const) {
    const tagged = Buffer.concat([id3(300), fixture(name)]);
    expect(sniffMediaType(tagged)).toBe(files[name]);
    await expectTheTone(tagged, name);
  }
  await expectTheTone(Buffer.concat([id3(70_000), id3(100), fixture('tone.flac')]), 'two tags, one of them long');
});

test('recordings of unequal rates or kinds one behind the other are all heard', async () => {
  const joins = [
    ['tone.mp3', 'tone-22k.mp3'],
    ['tone-22k.mp3', 'tone.mp3'],
    ['tone.ogg', 'tone-opus.ogg'],
    ['tone-opus.ogg', 'tone.ogg', 'tone-opus.ogg'],
    ['tone.flac', 'tone.flac'],
    ['tone.aac', 'tone.aac'],
    ['tone.mp3', 'tone-22k.mp3', 'tone.aac', 'tone.flac'],
    ['tone.ogg', 'tone-22k.mp3', 'tone-opus.ogg'],
  ];
  for (const names of joins) await expectTheTone(Buffer.concat(names.map(fixture)), names.join(', '), names.length);
});

test('an Ogg file without its end mark, as messengers write it, is whole; one cut within a page is not', async () => {
  for (const name of ['tone-opus.ogg', 'tone.ogg']) {
    const open = Buffer.from(fixture(name));
    const flags = open.lastIndexOf('OggS') + 5;
    open[flags] = (open[flags] as number) & ~4;
    await expectTheTone(open, name);
    await expect(decodeAudio(open.subarray(0, -30), 16000)).rejects.toMatchObject({ code: 'damaged-media' });
  }
});

describe('a WAV', () => {
  const samples = toneAt(440, 16000);
  const plain = encoded(samples, 16);

  test.each([
    ['8 bits', 1, 8],
    ['16 bits', 1, 16],
    ['24 bits', 1, 24],
    ['32 bits', 1, 32],
    ['32 bits of floating point', 3, 32],
    ['64 bits of floating point', 3, 64],
  ] as const)('of %s comes back as it was written', async (_name, tag, bits) => {
    for (const extra of [0, 2, 24]) {
      const bytes = riff(format(tag, bits, { extra }), chunk('fact', Buffer.alloc(4)), chunk('data', encoded(samples, bits, tag === 3)));
      const back = (await decodeAudio(bytes, 16000)).samples;
      expect(back).toHaveLength(16000);
      const step = bits === 8 ? 1 / 60 : 1 / 16000;
      expect(back.every((value, i) => Math.abs(value - (samples[i] as number)) < step)).toBe(true);
    }
  });

  test('whose length was left open by a writer to a pipe, or counts its own head, is whole', async () => {
    for (const length of [0, 0x7fff_f000, 0x7fff_ffff, 0x7fff_ffdb, 0x8000_0000, 0xffff_ffff, plain.length + 44, plain.length + 36, plain.length + 8]) {
      await expectTheTone(riff(format(1, 16), chunk('data', plain, { length })), length.toString(16));
    }
  });

  test('with chunks of odd length around its samples is whole, padded or not', async () => {
    const note = Buffer.from('INFOabc');
    for (const isPadded of [true, false]) {
      await expectTheTone(riff(chunk('JUNK', note, { isPadded }), format(1, 16), chunk('data', plain)), `before all, ${isPadded}`);
      await expectTheTone(riff(format(1, 16), chunk('LIST', note, { isPadded }), chunk('data', plain)), `before, ${isPadded}`);
      await expectTheTone(riff(format(1, 16), chunk('data', plain), chunk('LIST', note, { isPadded })), `behind, ${isPadded}`);
    }
    await expectTheTone(riff(format(1, 16), chunk('data', plain), chunk('LIST', Buffer.alloc(200))).subarray(0, -150), 'a closing chunk that is cut');
  });

  test('cut within its head or samples is damaged, and so is one with a rate of 0', async () => {
    const bytes = encodeWav(tone(440, 16000, 3));
    for (const length of [14, 30, 44, 45, 5000, bytes.length - 10_000]) {
      await expect(decodeAudio(bytes.subarray(0, length), 16000), `first ${length} bytes`).rejects.toMatchObject({ code: 'damaged-media' });
    }
    const still = riff(format(1, 16, { sampleRate: 0 }), chunk('data', plain));
    await expect(decodeAudio(still, 16000)).rejects.toMatchObject({ code: 'damaged-media', message: expect.stringContaining('sample rate of 0') });
  });

  test.each([
    [49, 'GSM 6.10'],
    [2, 'Microsoft ADPCM'],
    [85, 'MP3'],
    [0x1234, '4660'],
  ])('with the codec %i in it is refused by its name', async (tag, name) => {
    const bytes = riff(format(tag, 16), chunk('data', plain));
    const hint = expect.not.stringContaining('again');
    await expect(decodeAudio(bytes, 16000)).rejects.toMatchObject({ code: 'unsupported-media', message: expect.stringContaining(name), hint });
  });
});

test.each([
  ['FORM\0\0\0\0AIFF', 'AIFF'],
  ['#!AMR\n', 'AMR'],
  ['caff\0\x01', 'CAF'],
  ['RIFF\0\0\0\0AVI ', 'AVI'],
  [`OggS\0\x02${'\0'.repeat(20)}\x01\x33\x7fFLAC\x01`, 'FLAC in Ogg'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
])('%j is refused by its name', async (head, name) => {
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(600)]);
  await expect(decodeAudio(bytes, 16000)).rejects.toMatchObject({ code: 'unsupported-media', message: expect.stringContaining(name) });
});

test('what is no sound, nothing at all, and a film without sound are unsupported', async () => {
  for (const bytes of [new TextEncoder().encode('hello there'), new Uint8Array()]) {
    await expect(decodeAudio(bytes, 16000)).rejects.toMatchObject({ code: 'unsupported-media' });
  }
  await expect(decodeAudio(fixture('film-without-sound.mp4'), 16000)).rejects.toMatchObject({ code: 'unsupported-media', message: /video without sound/ });
});

test('a recording that is too long, or has too many channels for its length, is refused', async () => {
  const long = encodeWav({ samples: new Float32Array(31 * 60 * 1000), sampleRate: 1000 });
  await expect(decodeAudio(long, 1000)).rejects.toMatchObject({ code: 'too-large', message: expect.stringContaining('30 minutes') });
  const wide = riff(format(1, 8, { channels: 30, sampleRate: 1000 }), chunk('data', Buffer.alloc(30 * 1000 * 400, 128)));
  await expect(decodeAudio(wide, 16000)).rejects.toMatchObject({ code: 'too-large', message: expect.stringContaining('channels') });
  const strange = riff(format(1, 16, { sampleRate: 4_000_000 }), chunk('data', Buffer.alloc(1000)));
  await expect(decodeAudio(strange, 16000)).rejects.toMatchObject({ code: 'damaged-media' });
});

test('resampling keeps what fits below the new limit and drops what would fold back', () => {
  for (const [from, to] of [
    [44100, 16000],
    [48000, 16000],
    [8000, 16000],
    [22050, 44100],
    [44099, 16000],
    [191999, 16001],
    [192000, 8000],
    [384000, 16000],
    [176400, 16000],
  ] as const) {
    const kept = { samples: resample(tone(1000, from).samples, from, to), sampleRate: to };
    expect(kept.samples).toHaveLength(to);
    expect(Math.abs(amplitudeOf(1000, kept) - 0.5)).toBeLessThan(1e-3);
  }
  for (const from of [48000, 192000, 384000]) {
    for (const high of [9000, 15000, 23000]) {
      const folded = { samples: resample(tone(high, from).samples, from, 16000), sampleRate: 16000 };
      expect(amplitudeOf(Math.abs(16000 - high), folded), `${high} Hz at ${from}`).toBeLessThan(1e-4);
    }
  }
});

test('silence is silent, also with an offset or a quiet room; low speech and one short word are not', () => {
  const silent = (amplitude: number, offset = 0) =>
    isSilent({ samples: tone(200, 16000, 2, amplitude).samples.map((value) => value + offset), sampleRate: 16000 });
  expect(silent(0)).toBe(true);
  expect(silent(0, 0.2)).toBe(true);
  expect(silent(0.001)).toBe(true);
  expect(silent(0.014)).toBe(false);
  const word = new Float32Array(160000);
  word.set(tone(200, 16000, 0.25, 0.05).samples, 80000);
  expect(isSilent({ samples: word, sampleRate: 16000 })).toBe(false);
});

test('a frame of ADTS whose head is broken leaves a gap, and does not refuse the recording', async () => {
  const bytes = Uint8Array.from(fixture('tone.aac'));
  const starts = adtsStarts(bytes);
  const at = starts[Math.floor(starts.length / 2)] as number;
  // The profile (ISO/IEC 13818-7, 6.2) becomes that of AAC Main, which is not read.
  bytes[at + 2] = (bytes[at + 2] as number) & 0x3f;
  const [whole, gapped] = [await decodeAudio(fixture('tone.aac'), 16000), await decodeAudio(bytes, 16000)];
  expect(Math.abs(gapped.samples.length - whole.samples.length)).toBeLessThan(3200);
  bytes[(starts[0] as number) + 2] = (bytes[(starts[0] as number) + 2] as number) & 0x3f;
  await expect(decodeAudio(bytes, 16000)).rejects.toMatchObject({ code: expect.stringMatching(/^(damaged|unsupported)-media$/) });
});

test('a rate that the head of an Apple Lossless stream alone states is bounded like that of its file', async () => {
  const bytes = Buffer.from(fixture('tone-alac.m4a'));
  // The cookie in the sample entry: an atom `alac` within the entry `alac`; its rate is 24 bytes behind the version.
  const entry = bytes.indexOf('alac', bytes.indexOf('stsd'));
  const cookie = bytes.indexOf('alac', entry + 4) + 8;
  const rate = bytes.readUInt32BE(cookie + 20);
  expect([16_000, 22_050, 44_100, 48_000]).toContain(rate);
  bytes.writeUInt32BE(1_999_993, cookie + 20);
  await expect(decodeAudio(bytes, 16000)).rejects.toMatchObject({ code: 'damaged-media', message: expect.stringContaining('1999993') });
});

/** Where the frames of an ADTS stream begin, by their own lengths. */
function adtsStarts(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = 0; at + 7 <= bytes.length; ) {
    starts.push(at);
    at += (((bytes[at + 3] as number) & 3) << 11) | ((bytes[at + 4] as number) << 3) | ((bytes[at + 5] as number) >> 5);
  }
  return starts;
}
