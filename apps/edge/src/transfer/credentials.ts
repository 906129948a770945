import { setTimeout as pause } from 'node:timers/promises';
import { type KeyProver, presentToken } from '@atelier/artifacts';
import { readJson } from '@atelier/bounded-body';
import { AtelierError, limits, RenewedTickets, type Ticket } from '@atelier/protocol';
import { backoffMs } from '../link/backoff.ts';
import type { CoordinatorLink } from '../link/coordinator-link.ts';

/** The coordinator as it is dialled, and what shows it that a request comes over this edge's connection. */
export interface Target {
  readonly coordinatorUrl: string;
  readonly sessionToken: string;
  readonly prove: KeyProver;
}

/** Tries of a renewal; with their pauses somewhat longer than a coordinator takes to start again. */
const renewals = 12;
const renewalMs = 10_000;

/**
 * New tickets for the bytes of an older one, as long as its attempt is this edge's. A coordinator that is away is waited for.
 * @param target as it is at each try: a new connection has a new token
 * @throws AtelierError the coordinator's refusal, or `unavailable`; the signal's reason
 */
export async function renewTickets(ticket: Ticket, target: () => Target, signal: AbortSignal): Promise<readonly Ticket[]> {
  for (let failures = 0; ; failures++) {
    try {
      return await askForTickets(ticket, target(), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = AtelierError.from(thrown);
      // The token of a connection that broke is unknown: the next connection brings another.
      if ((!error.retryable && error.code !== 'unauthenticated') || failures + 1 >= renewals) throw error;
      await pause(backoffMs(failures + 1, Math.random()), undefined, { signal });
    }
  }
}

async function askForTickets(ticket: Ticket, { coordinatorUrl, sessionToken, prove }: Target, signal: AbortSignal): Promise<readonly Ticket[]> {
  const url = new URL('/api/edge/tickets', coordinatorUrl);
  const shown = await presentToken(prove, { method: 'POST', url: url.href, token: sessionToken });
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...shown, 'content-type': 'application/json' },
    body: JSON.stringify({ token: ticket.token }),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(renewalMs)]),
  }).catch((cause: unknown) => {
    throw new AtelierError('unavailable', `${coordinatorUrl} does not answer.`, { cause });
  });
  const body = await readJson(answer, limits.jsonBytes);
  if (!answer.ok) throw AtelierError.from((body as { error?: unknown } | null)?.error ?? body);
  return RenewedTickets.parse(body).tickets;
}

/** What the coordinator is shown over this link now. */
export function targetOf(link: CoordinatorLink | undefined): Target {
  if (!link?.welcome) throw new AtelierError('unavailable', 'This edge is not connected to its studio yet.');
  return { coordinatorUrl: link.identity.coordinatorUrl, sessionToken: link.welcome.sessionToken, prove: link.prove };
}
