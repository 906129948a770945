import { admits, type Role } from '@atelier/protocol';
import { HardDrive, Images, ListVideo, UserRound, Users, Workflow } from 'lucide-react';
import { familyPlaces, type Place } from '../task-views/index.ts';

const chains: Place = { path: '/', name: 'Chains', icon: Workflow, key: 'c' };
const shared: readonly Place[] = [
  { path: '/runs', name: 'Runs', icon: ListVideo, key: 'r' },
  { path: '/gallery', name: 'Gallery', icon: Images, key: 'l' },
  { path: '/fleet', name: 'Fleet', icon: HardDrive, key: 'f' },
  { path: '/people', name: 'People', icon: Users, key: 'p', asks: 'owner' },
];

/** What everybody has, and is reached by the menu of the account. */
const account: Place = { path: '/account', name: 'Your account', icon: UserRound, key: '' };

/** Where things are made, then where they are found. */
const all = (): readonly Place[] => [chains, ...familyPlaces(), ...shared];

/** The pages of the rail, for somebody of this role. */
export const placesOf = (role: Role): readonly Place[] => all().filter(({ asks = 'member' }) => admits(asks, role));

/** The place that a path belongs to. */
export const placeOf = (path: string): Place => [...all(), account].find((place) => place.path !== '/' && path.startsWith(place.path)) ?? chains;
