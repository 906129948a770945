import { modalities } from '@atelier/protocol';
import { expect, test } from 'vitest';
import { addressOf, type Filters, filtersOf, queryOf } from './filters.ts';

test('every choice of filters comes back from its address', () => {
  for (const modality of [null, ...modalities]) {
    for (const which of ['made', 'starred', 'uploads', 'deleted'] as const) {
      for (const search of ['', 'red apple', 'ä & b=c?#']) {
        const filters: Filters = { modality, search, which };
        expect(filtersOf(new URLSearchParams(addressOf(filters).toString()))).toEqual(filters);
      }
    }
  }
});

test('an address that means nothing shows everything', () => {
  expect(filtersOf(new URLSearchParams('kind=sculpture&x=1'))).toEqual({ modality: null, search: '', which: 'made' });
  expect(addressOf({ modality: null, search: '  ', which: 'made' }).toString()).toBe('');
});

test('only what narrows is asked of the API', () => {
  expect(queryOf({ modality: null, search: ' ', which: 'made' })).toEqual({});
  expect(queryOf({ modality: 'image', search: ' apple ', which: 'deleted' })).toEqual({ modality: 'image', search: 'apple', deleted: true });
});
