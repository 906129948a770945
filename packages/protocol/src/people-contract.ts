/**
 * The part of the contract that is about people: one's own account and tokens, all people, invitations.
 * What answers with a session's cookie (accepting an invitation, taking a new password) stands beside it: see the coordinator's server/identity.
 */
import { z } from 'zod';
import { ApiTokenView } from './api-views.ts';
import {
  InvitationCode,
  InvitationOffer,
  InvitationView,
  NewInvitation,
  PasswordChange,
  PeopleView,
  PersonById,
  PersonChange,
  PersonDetail,
  PersonName,
  PersonView,
  Removal,
  Removed,
  ResetOffer,
  SecretLink,
  SessionById,
  SessionView,
} from './people.ts';
import { route } from './route.ts';

export const peopleContract = {
  account: {
    rename: route('guest', 'People')
      .route({ method: 'PATCH', path: '/me', summary: "Change the caller's own name" })
      .input(z.object({ name: PersonName }))
      .output(PersonView),
    password: route('guest', 'People')
      .route({ method: 'POST', path: '/me/password', summary: "Change the caller's own password; the caller's other sessions end" })
      .input(PasswordChange)
      .output(z.object({ ended: z.int() })),
    sessions: route('guest', 'People').route({ method: 'GET', path: '/me/sessions', summary: "The caller's sessions" }).output(z.array(SessionView)),
    endSession: route('guest', 'People')
      .route({ method: 'DELETE', path: '/me/sessions/{id}', summary: "End a session of the caller's" })
      .input(SessionById)
      .output(SessionById),
    endOtherSessions: route('guest', 'People')
      .route({ method: 'POST', path: '/me/sessions/end-others', summary: "End the caller's sessions, but for the one that asks" })
      .output(z.object({ ended: z.int() })),
  },
  tokens: {
    list: route('guest', 'People').route({ method: 'GET', path: '/tokens', summary: "The caller's API tokens" }).output(z.array(ApiTokenView)),
    create: route('guest', 'People')
      .route({ method: 'POST', path: '/tokens', successStatus: 201, summary: 'A new API token; its secret is shown once' })
      .input(z.object({ name: z.string().min(1).max(60), days: z.number().int().min(1).max(3650).optional() }))
      .output(ApiTokenView.extend({ token: z.string() })),
    revoke: route('guest', 'People')
      .route({ method: 'DELETE', path: '/tokens/{id}', summary: 'Revoke an API token' })
      .input(z.object({ id: z.string() }))
      .output(z.object({ id: z.string() })),
  },
  people: {
    list: route('owner', 'People').route({ method: 'GET', path: '/people', summary: 'All people, with what they have and may have' }).output(PeopleView),
    change: route('owner', 'People')
      .route({ method: 'PATCH', path: '/people/{id}', summary: 'Change the role of a person, or what they may have' })
      .input(PersonChange)
      .output(PersonDetail),
    sessions: route('owner', 'People')
      .route({ method: 'GET', path: '/people/{id}/sessions', summary: 'The sessions of a person' })
      .input(PersonById)
      .output(z.array(SessionView)),
    endSession: route('owner', 'People')
      .route({ method: 'DELETE', path: '/people/{id}/sessions/{sessionId}', summary: 'End a session of a person' })
      .input(PersonById.extend({ sessionId: SessionById.shape.id }))
      .output(SessionById),
    endSessions: route('owner', 'People')
      .route({ method: 'DELETE', path: '/people/{id}/sessions', summary: 'End all sessions of a person; their API tokens stay' })
      .input(PersonById)
      .output(z.object({ ended: z.int() })),
    resetLink: route('owner', 'People')
      .route({ method: 'POST', path: '/people/{id}/reset-link', successStatus: 201, summary: 'A link by which a person takes a new password, once' })
      .input(PersonById.extend({ endTokens: z.boolean().default(false) }))
      .output(SecretLink),
    remove: route('owner', 'People')
      .route({ method: 'POST', path: '/people/{id}/remove', summary: 'Remove a person: their things go to somebody else, or are deleted' })
      .input(Removal)
      .output(Removed),
    resetOffer: route('public', 'People')
      .route({ method: 'POST', path: '/password-reset/offer', summary: 'Whose password a link is for' })
      .input(InvitationCode)
      .output(ResetOffer),
  },
  invitations: {
    list: route('owner', 'People')
      .route({ method: 'GET', path: '/invitations', summary: 'Invitations that may still be accepted' })
      .output(z.array(InvitationView)),
    create: route('owner', 'People')
      .route({ method: 'POST', path: '/invitations', successStatus: 201, summary: 'Invite a person by a link that works once; it is shown once' })
      .input(NewInvitation)
      .output(InvitationView.extend(SecretLink.shape)),
    revoke: route('owner', 'People')
      .route({ method: 'DELETE', path: '/invitations/{id}', summary: 'Revoke an invitation' })
      .input(z.object({ id: z.string().min(1).max(100) }))
      .output(z.object({ id: z.string() })),
    offer: route('public', 'People')
      .route({ method: 'POST', path: '/invitations/offer', summary: 'What an invitation offers, and who made it' })
      .input(InvitationCode)
      .output(InvitationOffer),
  },
};
