import { queryOptions, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { brought } from '../api/brought.ts';
import { queries } from '../api/client.ts';
import { Problem } from '../ui/blocks.tsx';
import type { Load } from './family.ts';
import { familyLoads } from './views.ts';

const numbers = new WeakMap<object, number>();
let last = 0;

function numberOf(load: object): number {
  const known = numbers.get(load);
  if (known !== undefined) return known;
  last += 1;
  numbers.set(load, last);
  return last;
}

/** Code is asked for as answers of the API are: again after a failure, and when the studio answers again. */
const codeOf = <Props extends object>(load: Load<Props>) =>
  queryOptions({
    queryKey: ['code', numberOf(load)],
    queryFn: async () => (await brought(load())).Component,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });

interface FamilyViewProps<Props extends object> {
  load: Load<Props>;
  props: Props;
  /** Stands there until the code has come. */
  waiting?: ReactNode;
}

/** What a family brings, in its place. A view whose code does not come says so there, and the rest of the page stays. */
export function FamilyView<Props extends object>({ load, props, waiting = null }: FamilyViewProps<Props>) {
  const { data: Component, error, refetch } = useQuery(codeOf(load));
  if (Component) return <Component {...props} />;
  return error ? <Problem error={error} onRetry={() => void refetch()} /> : waiting;
}

/** Fetches what families bring before it is needed: what is here needs no connection. */
export const fetchFamilyViews = () => Promise.all(familyLoads().map((load) => queries.prefetchQuery(codeOf(load))));
