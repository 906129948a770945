import { limits } from '@atelier/protocol';
import { expect, test, vi } from 'vitest';
import type { SlotReport } from './slot-messages.ts';
import { ThinReports } from './thin.ts';

function collect(): { sent: SlotReport[]; reports: ThinReports } {
  const sent: SlotReport[] = [];
  return { sent, reports: new ThinReports((report) => sent.push(report)) };
}

test('of progress that comes faster than ten a second the newest goes out, and a flush sends it at once', () => {
  const { sent, reports } = collect();
  for (const fraction of [0.1, 0.2, 0.3, 7]) reports.progress(fraction, `at ${fraction}`);
  reports.flush();
  expect(sent).toEqual([
    { kind: 'progress', fraction: 0.1, message: 'at 0.1' },
    { kind: 'progress', fraction: 1, message: 'at 7' },
  ]);
});

test('what waits goes out by itself', async () => {
  const { sent, reports } = collect();
  reports.preview('image/png', Uint8Array.of(1));
  reports.preview('image/png', Uint8Array.of(2));
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[1]).toEqual({ kind: 'preview', mediaType: 'image/png', base64: 'Ag==' });
});

test('texts are joined, none is lost, and none is longer than a message may be', () => {
  const { sent, reports } = collect();
  const parts = ['a', 'b'.repeat(200_000), 'c', 'd'.repeat(30_000)];
  for (const part of parts) reports.text(part);
  reports.flush();
  const deltas = sent.map((report) => (report.kind === 'text' ? report.delta : ''));
  expect(deltas.join('')).toBe(parts.join(''));
  expect(Math.max(...deltas.map(({ length }) => length))).toBeLessThanOrEqual(limits.textBytes);
});

test('a preview over its bound and a fraction that is no number are left out', () => {
  const { sent, reports } = collect();
  reports.preview('image/png', new Uint8Array(limits.previewBytes + 1));
  reports.progress(Number.NaN);
  reports.flush();
  expect(sent).toEqual([]);
});
