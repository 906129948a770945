import { z } from 'zod';
import { limits } from './limits.ts';
import { Role } from './role.ts';

export const PersonName = z.string().trim().min(1, 'write a name').max(100);
export const Email = z.email('write an address such as ada@example.org').max(200);
export const Password = z.string().min(8, 'a password has at least 8 characters').max(200);
const PersonId = z.string().min(1).max(100);
const Code = z.string().min(10).max(200);
const moment = z.iso.datetime();

/** Who somebody is, as they see it themselves. */
export const PersonView = z.object({ id: z.string(), name: z.string(), email: z.string(), role: Role });
export type PersonView = z.infer<typeof PersonView>;

/** What one person may have; null leaves it to the studio. */
export const PersonLimits = z.object({
  /** Runs that have not ended. */
  openRuns: z.int().min(0).max(limits.mostOpenRuns).nullable(),
  /** Bytes of uploads and of texts of runs. */
  uploadedBytes: z.int().min(0).max(limits.mostUploadedBytes).nullable(),
});
export type PersonLimits = z.infer<typeof PersonLimits>;

/** A person as owners see them. */
export const PersonDetail = PersonView.extend({
  createdAt: moment,
  /** When they or a program of theirs asked for something last, to the minute. */
  lastSeenAt: moment.nullable(),
  openRuns: z.int().nonnegative(),
  /** Bytes on the disks of this studio; what is there twice counts once. */
  uploadedBytes: z.number().nonnegative(),
  resultBytes: z.number().nonnegative(),
  sessions: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  limits: PersonLimits,
});
export type PersonDetail = z.infer<typeof PersonDetail>;

export const PeopleView = z.object({
  people: z.array(PersonDetail),
  /** What holds for those for whom no owner has set anything. */
  defaults: z.object({ openRuns: z.number(), uploadedBytes: z.number() }),
});
export type PeopleView = z.infer<typeof PeopleView>;

/** A browser in which somebody is signed in. */
export const SessionView = z.object({
  id: z.string(),
  /** Browser and system, as the browser says: "Firefox on Linux". */
  device: z.string(),
  address: z.string().nullable(),
  createdAt: moment,
  /** To the minute; null for those that are older than what is kept of it. */
  lastUsedAt: moment.nullable(),
  expiresAt: moment,
  /** The one by which this was asked. */
  current: z.boolean(),
});
export type SessionView = z.infer<typeof SessionView>;

/** An invitation that may still be accepted. */
export const InvitationView = z.object({
  id: z.string(),
  role: Role,
  note: z.string().nullable(),
  /** Who made it; null if nobody knows any more. */
  madeBy: z.string().nullable(),
  createdAt: moment,
  expiresAt: moment,
});
export type InvitationView = z.infer<typeof InvitationView>;

/** An address that works once, for somebody else's browser. */
export const SecretLink = z.object({
  url: z.string(),
  expiresAt: moment,
  /** `this-machine` if the studio listens for its own machine alone. */
  reach: z.enum(['network', 'this-machine']),
  /** Further addresses of the studio, if the one in the link is not in the other machine's network. */
  otherUrls: z.array(z.string()),
});
export type SecretLink = z.infer<typeof SecretLink>;

export const NewInvitation = z.object({
  role: Role.default('member'),
  hours: z.int().min(1).max(limits.invitationHours).default(limits.invitationHoursUsual),
  /** Shown to owners, and to whoever opens the link: a name, or for what it is. */
  note: z.string().trim().max(200).optional(),
});

/** What an invitation says to whoever opens its link. */
export const InvitationOffer = z.object({ role: Role, invitedBy: z.string().nullable(), note: z.string().nullable(), expiresAt: moment });
export type InvitationOffer = z.infer<typeof InvitationOffer>;

export const InvitationCode = z.object({ code: Code });

/** Accepts an invitation: makes the person, and signs them in. */
export const Joining = z.object({ code: Code, name: PersonName, email: Email, password: Password });
export type Joining = z.infer<typeof Joining>;

/** What a link for a new password says to whoever opens it. */
export const ResetOffer = z.object({ name: z.string(), email: z.string(), endsTokens: z.boolean(), expiresAt: moment });
export type ResetOffer = z.infer<typeof ResetOffer>;

/** Takes a new password by a link that an owner made, and signs in. */
export const PasswordReset = z.object({ code: Code, password: Password });
export type PasswordReset = z.infer<typeof PasswordReset>;

export const PersonById = z.object({ id: PersonId });
export const SessionById = z.object({ id: z.string().min(1).max(100) });

export const PersonChange = PersonById.extend({ role: Role.optional(), limits: PersonLimits.partial().optional() });
export type PersonChange = z.infer<typeof PersonChange>;

/** What becomes of the runs and items of somebody who is removed. */
export const Removal = PersonById.extend({
  things: z.discriminatedUnion('kind', [
    /** Another person has them from then on; without a name, the owner who removes. */
    z.object({ kind: z.literal('hand-over'), to: PersonId.optional() }),
    /** Open runs are stopped, and everything is deleted for good. */
    z.object({ kind: z.literal('delete') }),
  ]),
});
export type Removal = z.infer<typeof Removal>;

/** What a removal did. */
export const Removed = z.object({
  name: z.string(),
  runs: z.int().nonnegative(),
  items: z.int().nonnegative(),
  savedChains: z.int().nonnegative(),
  /** Who has them now; null if they were deleted. */
  handedOverTo: z.string().nullable(),
});
export type Removed = z.infer<typeof Removed>;

export const PasswordChange = z.object({ current: z.string().min(1).max(200), password: Password });
