import { z } from 'zod';

/**
 * What a person may do here, in rising order: a guest sees what is shared with them, a member also has runs and items of their own, an owner also looks
 * after machines, models and people. Each may all that those before it may.
 */
export const Role = z.enum(['guest', 'member', 'owner']);
export type Role = z.infer<typeof Role>;

/** Whether somebody of this role may do what asks for that one. */
export const admits = (asked: Role, role: Role): boolean => Role.options.indexOf(role) >= Role.options.indexOf(asked);

/** A role with its article, for sentences: "a member", "an owner". */
export const aRole = (role: Role): string => `${role === 'owner' ? 'an' : 'a'} ${role}`;
