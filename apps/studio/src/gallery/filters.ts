import { cutText, type GalleryQuery, type Modality, modalities, RunId } from '@atelier/protocol';

/** What of the gallery is shown; it stands in the address. */
export interface Filters {
  readonly modality: Modality | null;
  readonly search: string;
  readonly which: 'made' | 'starred' | 'uploads' | 'deleted';
  /** Only what this run made. */
  readonly runId: RunId | null;
}

const whiches = ['starred', 'uploads', 'deleted'] as const;

/** Filters out of an address. What it cannot mean is left out. */
export function filtersOf(address: URLSearchParams): Filters {
  return {
    modality: modalities.find((one) => one === address.get('kind')) ?? null,
    search: cutText(address.get('q') ?? '', 200),
    which: whiches.find((one) => address.has(one)) ?? 'made',
    runId: RunId.safeParse(address.get('run')).data ?? null,
  };
}

/** The address of filters, without what is as usual. */
export function addressOf({ modality, search, which, runId }: Filters): URLSearchParams {
  const address = new URLSearchParams();
  if (modality) address.set('kind', modality);
  if (search.trim() !== '') address.set('q', search);
  if (which !== 'made') address.set(which, '1');
  if (runId) address.set('run', runId);
  return address;
}

/** Filters as the API takes them. */
export function queryOf({ modality, search, which, runId }: Filters): Partial<GalleryQuery> {
  return {
    ...(modality ? { modality } : {}),
    ...(search.trim() === '' ? {} : { search: search.trim() }),
    ...(which === 'made' ? {} : { [which]: true }),
    ...(runId ? { runId } : {}),
  };
}

/** The address of what a run made. */
export const galleryOfRun = (runId: RunId) => `/gallery?run=${runId}`;
