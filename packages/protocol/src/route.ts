import { oc } from '@orpc/contract';
import type { Role } from './role.ts';

/** Who may call: anybody, or people from this role upwards. Every route has one; a test enumerates them. */
export type Policy = 'public' | Role;

/** A procedure of the contract, before its path, input and output. */
export const route = (policy: Policy, tag: string) => oc.$meta({ policy }).$route({ tags: [tag] });
