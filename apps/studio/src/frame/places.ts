import { admits, type Role } from '@atelier/protocol';
import { Footprints, HardDrive, Images, ListVideo, type LucideIcon, UserRound, Users, Workflow } from 'lucide-react';

/** A page of the rail. */
export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: LucideIcon;
  /** Pressed after G. */
  readonly key: string;
  /** From this role upwards; a member's otherwise. */
  readonly asks?: Role;
}

const all: readonly Place[] = [
  { path: '/', name: 'Chains', icon: Workflow, key: 'c' },
  { path: '/walks', name: 'Walks', icon: Footprints, key: 'w' },
  { path: '/runs', name: 'Runs', icon: ListVideo, key: 'r' },
  { path: '/gallery', name: 'Gallery', icon: Images, key: 'l' },
  { path: '/fleet', name: 'Fleet', icon: HardDrive, key: 'f' },
  { path: '/people', name: 'People', icon: Users, key: 'p', asks: 'owner' },
];

/** What everybody has, and is reached by the menu of the account. */
const account: Place = { path: '/account', name: 'Your account', icon: UserRound, key: '' };

/** The pages of the rail, for somebody of this role. */
export const placesOf = (role: Role): readonly Place[] => all.filter(({ asks = 'member' }) => admits(asks, role));

/** The place that a path belongs to. */
export const placeOf = (path: string): Place => [...all, account].find((place) => place.path !== '/' && path.startsWith(place.path)) ?? (all[0] as Place);
