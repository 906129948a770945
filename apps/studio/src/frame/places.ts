import { HardDrive, Images, ListVideo, Workflow } from 'lucide-react';
import { familyPlaces, type Place } from '../task-views/index.ts';

const chains: Place = { path: '/', name: 'Chains', icon: Workflow, key: 'c' };
const shared: readonly Place[] = [
  { path: '/runs', name: 'Runs', icon: ListVideo, key: 'r' },
  { path: '/gallery', name: 'Gallery', icon: Images, key: 'l' },
  { path: '/fleet', name: 'Fleet', icon: HardDrive, key: 'f' },
];

/** The pages of the rail: where things are made, then where they are found. */
export const places = (): readonly Place[] => [chains, ...familyPlaces(), ...shared];

/** The place that a path belongs to. */
export const placeOf = (path: string): Place => places().find((place) => place.path !== '/' && path.startsWith(place.path)) ?? chains;
