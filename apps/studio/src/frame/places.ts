import { Footprints, HardDrive, Images, ListVideo, type LucideIcon, Workflow } from 'lucide-react';

/** A page of the rail. */
export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: LucideIcon;
  /** Pressed after G. */
  readonly key: string;
}

export const places: readonly Place[] = [
  { path: '/', name: 'Chains', icon: Workflow, key: 'c' },
  { path: '/walks', name: 'Walks', icon: Footprints, key: 'w' },
  { path: '/runs', name: 'Runs', icon: ListVideo, key: 'r' },
  { path: '/gallery', name: 'Gallery', icon: Images, key: 'l' },
  { path: '/fleet', name: 'Fleet', icon: HardDrive, key: 'f' },
];

/** The place that a path belongs to. */
export const placeOf = (path: string): Place => places.find((place) => place.path !== '/' && path.startsWith(place.path)) ?? (places[0] as Place);
