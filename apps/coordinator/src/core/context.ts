import type { ArtifactStore, TicketSigner } from '@atelier/artifacts';
import type { ModelManifest, RunId } from '@atelier/protocol';
import type { RunMachineEvent } from '@atelier/runs';
import type { Database } from '@atelier/store';
import { type Advanced, type Advancing, advance } from './advance.ts';
import type { CoreTimes, EdgeLink } from './core.ts';
import type { RunEvents } from './events.ts';
import type { Fleet } from './fleet.ts';
import type { History } from './history.ts';
import type { LiveAttempts } from './live-attempts.ts';
import type { Logger } from './logger.ts';
import type { ModelStanding } from './model-standing.ts';
import type { Quota } from './quota/index.ts';
import type { RunChanges } from './run-changes.ts';
import type { EventDetail } from './write-run.ts';

/** What the parts of the core share. */
export interface CoreContext {
  readonly database: Database;
  readonly link: EdgeLink;
  readonly catalogue: readonly ModelManifest[];
  readonly artifacts: ArtifactStore;
  readonly tickets: TicketSigner;
  readonly quota: Quota;
  readonly log: Logger;
  readonly times: CoreTimes;
  readonly fleet: Fleet;
  readonly history: History;
  readonly standing: ModelStanding;
  readonly live: LiveAttempts;
  readonly changes: RunChanges;
  readonly events: RunEvents;
  readonly advancing: Advancing;
}

/** A lease need not outlive a power cut: without its row the attempt is queued again and runs once more. */
const beginUnsynced = 'BEGIN; SET LOCAL synchronous_commit = off';

/** One event on one run in a transaction of its own. */
export async function advanceRun(context: CoreContext, runId: RunId, event: RunMachineEvent, detail: EventDetail = {}): Promise<Advanced> {
  const begin = event.kind === 'taken' ? beginUnsynced : 'BEGIN';
  const { advanced } = await context.changes.change(
    runId,
    async (tx) => ({ advanced: await advance(context.advancing, tx, runId, event, detail), value: undefined }),
    begin,
  );
  return advanced;
}
