import type { ArtifactStore, TicketSigner } from '@atelier/artifacts';
import type { ExampleView, Finding } from '@atelier/protocol';
import type { Database } from '@atelier/store';
import type { Core, Logger } from '../core/index.ts';
import type { WatchSockets } from './api/watch-sockets.ts';
import type { Watchers } from './api/watchers.ts';
import type { PurgeRounds } from './bytes/purge-rounds.ts';
import type { Thumbnails } from './bytes/thumbnails.ts';
import type { Uploads } from './bytes/uploads.ts';
import type { EdgeSockets } from './edges/edge-sockets.ts';
import type { Accounts } from './identity/accounts.ts';
import type { OpenConnections } from './identity/open-connections.ts';
import type { OwnOrigins } from './identity/own-origin.ts';
import type { MediaReader } from './media/index.ts';
import type { RateLimit } from './rate-limit.ts';

/** The chains that run at once on the starter models, and the files that they take. */
export interface Examples {
  list(): Promise<ExampleView[]>;
  /** Where a file of an example lies. @throws AtelierError `not-found` */
  file(name: string): Promise<{ path: string; mediaType: string }>;
}

/** What the ways in are built on. */
export interface Services {
  readonly core: Core;
  readonly database: Database;
  readonly accounts: Accounts;
  readonly artifacts: ArtifactStore;
  readonly tickets: TicketSigner;
  readonly sockets: EdgeSockets;
  readonly watchSockets: WatchSockets;
  /** Counts who watches runs, by event streams and by sockets. */
  readonly watchers: Watchers;
  /** All that people have open, and that ends when they may not go on. */
  readonly connections: OpenConnections;
  readonly uploads: Uploads;
  readonly thumbnails: Thumbnails;
  readonly media: MediaReader;
  /** Of everything that needs no sign-in and costs something. */
  readonly publicLimit: RateLimit;
  /** Whether anybody may ask for a film of two words. */
  readonly publicPredict: boolean;
  readonly examples: Examples;
  readonly origins: OwnOrigins;
  /** Of what was deleted too long ago. */
  readonly purging: Pick<PurgeRounds, 'begin'>;
  readonly doctor: () => Promise<Finding[]>;
  readonly dataFolder: string;
  /** What the server listens on. */
  readonly listens: { readonly host: string; readonly port: number };
  /** Where this machine reaches us, such as `http://127.0.0.1:4747`. */
  readonly url: string;
  readonly log: Logger;
}
