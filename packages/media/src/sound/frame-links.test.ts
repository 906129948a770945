import { expect, test } from 'vitest';
import { frameLinks as linksUpTo } from './frame-links.ts';
import { frameAt } from './mpeg-frames.ts';
import { fixture, id3 } from './sound-files.ts';

const frameLinks = (bytes: Uint8Array) => linksUpTo(bytes, 1000);

/** MPEG-1 layer III, 128 kbit/s at 44.1 kHz, and MPEG-2 layer III, 24 kbit/s at 16 kHz, one channel. */
const heads = { full: [0xff, 0xfb, 0x90, 0x44], low: [0xff, 0xf3, 0x38, 0xc4] };
const adts = [0xff, 0xf1, 0x50, 0x80, 0x10, 0x1f, 0xfc];

function frames(head: readonly number[], count: number, within: readonly number[] = []): Buffer {
  const length = frameAt(Uint8Array.from(head), 0)?.length ?? 0;
  const one = Buffer.alloc(length, 0x55);
  one.set(head);
  one.set(within, 20);
  return Buffer.concat(Array.from({ length: count }, () => one));
}

test('the length of a frame is that of its rates, with and without padding', () => {
  const lengthOf = (...bytes: number[]) => frameAt(Uint8Array.from(bytes), 0)?.length;
  expect([lengthOf(...heads.full), lengthOf(0xff, 0xfb, 0x92, 0x44), lengthOf(...heads.low), lengthOf(...adts)]).toEqual([417, 418, 108, 128]);
  // Layer I at 32 kHz, layer II at 48 kHz, MPEG-2.5 at 8 kHz.
  expect([lengthOf(0xff, 0xff, 0x18, 0), lengthOf(0xff, 0xfd, 0x84, 0), lengthOf(0xff, 0xe3, 0x18, 0)]).toEqual([48, 384, 72]);
  // A reserved version, layer, bit rate and sample rate, a free format, and what is no frame.
  const none = [
    [0xff, 0xeb, 0x90, 0],
    [0xff, 0xe1, 0x90, 0],
    [0xff, 0xfb, 0xf0, 0],
    [0xff, 0xfb, 0x9c, 0],
    [0xff, 0xfb, 0, 0],
    [0xfe, 0xfb, 0x90, 0],
  ];
  expect(none.map((bytes) => lengthOf(...bytes))).toEqual(none.map(() => undefined));
});

test('frames of another rate, kind or number of channels begin a recording, and so do tags, though the head of an earlier frame lies in them', () => {
  const one = frames(heads.full, 5);
  const two = frames(heads.low, 6, heads.full);
  const three = frames(adts, 4, heads.low);
  const all = Buffer.concat([one, two, id3(40), two, three]);
  const starts = [0, one.length, one.length + two.length, one.length + 2 * two.length + 50];
  expect(frameLinks(all)).toEqual(starts);
  expect(frameLinks(Buffer.concat([id3(300), all]))).toEqual(starts.map((start, i) => (i === 0 ? 0 : start + 310)));
});

test('rubbish, closing tags and a broken frame begin nothing; sound behind them goes on', () => {
  const one = frames(heads.full, 5);
  const lonely = [...heads.low, ...Array.from({ length: 300 }, (_, i) => i & 0x7f)];
  for (const between of [
    Buffer.alloc(700),
    Buffer.from(lonely),
    Buffer.from(`TAG${' '.repeat(125)}`),
    Buffer.from('ID3 is a word, RIFF and OggS too. '.repeat(9)),
  ])
    expect(frameLinks(Buffer.concat([one, between, one, between]))).toEqual([0]);
  const broken = Buffer.from(one);
  broken.set([0, 0], 2 * 417);
  expect(frameLinks(broken)).toEqual([0]);
});

test('another kind of file behind the frames begins a recording', () => {
  const one = frames(heads.full, 5);
  for (const name of ['tone.flac', 'tone.ogg', 'tone-opus.ogg']) expect(frameLinks(Buffer.concat([one, fixture(name)])), name).toEqual([0, one.length]);
});

test('tags without end and heads without frames are passed over in a moment', () => {
  const many = Buffer.alloc(20_000_000);
  for (let at = 0; at < many.length; at += 10) many.write('ID3', at, 'latin1');
  expect(frameLinks(Buffer.concat([frames(heads.full, 5), many]))).toEqual([0]);
  expect(frameLinks(Buffer.alloc(5_000_000, 0xff))).toEqual([0]);
});
