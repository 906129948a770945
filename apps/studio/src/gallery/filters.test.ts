import { modalities, type RunId } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { addressOf, type Filters, filtersOf, queryOf } from './filters.ts';

test('every choice of filters comes back from its address', () => {
  for (const modality of [null, ...modalities]) {
    for (const which of ['made', 'starred', 'uploads', 'deleted'] as const) {
      for (const search of ['', 'red apple', 'ä & b=c?#']) {
        for (const runId of [null, '0198a7a0-0000-7000-8000-000000000000' as RunId]) {
          const filters: Filters = { modality, search, which, runId };
          expect(filtersOf(new URLSearchParams(addressOf(filters).toString()))).toEqual(filters);
        }
      }
    }
  }
});

test('an address that means nothing shows everything', () => {
  expect(filtersOf(new URLSearchParams('kind=sculpture&x=1&run=nowhere'))).toEqual({ modality: null, search: '', which: 'made', runId: null });
  expect(addressOf({ modality: null, search: '  ', which: 'made', runId: null }).toString()).toBe('');
});

test('only what narrows is asked of the API', () => {
  expect(queryOf({ modality: null, search: ' ', which: 'made', runId: null })).toEqual({});
  expect(queryOf({ modality: 'image', search: ' apple ', which: 'deleted', runId: null })).toEqual({ modality: 'image', search: 'apple', deleted: true });
});
