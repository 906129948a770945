import { createPostgresBackend, type Job, Queue, runMigrations, Worker } from 'bullmq';
import pg from 'pg';

/** The lock of a job that is being answered; a coordinator that dies is noticed after about this long. */
const lockMs = 5_000;
/** How often jobs whose lock ran out are handed to somebody else. */
const stalledCheckMs = 2_500;
/** BullMQ's own connections: one for each edge that is listened for, and some for commands. */
const mostConnections = 200;

/** A bell has rung: the attempt of this id waits. Runs until the attempt is no longer leased; `signal` fires when the answering stops. */
export type BellHandler = (attemptId: string, signal: AbortSignal) => Promise<void>;

/** The answering of one edge's bells by this process. */
export interface Answering {
  /** Stops answering. Jobs that are being answered are let go without waiting: SQL knows what became of them. */
  close(): Promise<void>;
}

/**
 * Doorbells for attempts that wait in SQL: one BullMQ queue for each edge, jobs of nothing but an attempt's id. A bell
 * that is lost, doubled or late harms nothing, because SQL alone decides who may take an attempt.
 */
export interface Bells {
  /** Rings for an attempt. The id of the job is the attempt's, so that ringing twice is ringing once. */
  ring(edgeId: string, attemptId: string, priority: number): Promise<void>;
  /** Answers an edge's bells, as many at a time as it has slots. */
  answer(edgeId: string, slots: number, handler: BellHandler): Promise<Answering>;
  close(): Promise<void>;
}

interface Log {
  warn(fields: object, message: string): void;
}

/**
 * @param options.databaseUrl where BullMQ keeps its own schema, `bullmq`
 * @throws Error where the database cannot be reached
 */
export async function createBells(options: { databaseUrl: string; log: Log }): Promise<Bells> {
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: mostConnections, idleTimeoutMillis: 10_000, options: '-c search_path=bullmq' });
  // Each queue and each answering of it listens for errors of the one pool.
  pool.setMaxListeners(0);
  pool.on('error', (error) => options.log.warn({ error: error.message }, 'an idle connection of the bells was lost'));
  const connection = { connection: pool as never };
  const queues = new Map<string, Queue>();
  const answerings = new Set<Answering>();
  await migrate(pool);

  const queueOf = (edgeId: string): Queue => {
    let queue = queues.get(edgeId);
    if (!queue) {
      queue = new Queue(
        queueName(edgeId),
        { ...connection, defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true } },
        createPostgresBackend as never,
      );
      queue.on('error', (error) => options.log.warn({ edgeId, error: error.message }, 'bell queue'));
      queues.set(edgeId, queue);
    }
    return queue;
  };

  const answer = async (edgeId: string, slots: number, handler: BellHandler): Promise<Answering> => {
    const stopping = new AbortController();
    const worker = new Worker(
      queueName(edgeId),
      (job: Job) => handler(job.id as string, stopping.signal),
      {
        ...connection,
        concurrency: slots,
        lockDuration: lockMs,
        stalledInterval: stalledCheckMs,
        maxStalledCount: 1_000_000,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        autorun: true,
      },
      createPostgresBackend as never,
    );
    worker.on('error', (error) => options.log.warn({ edgeId, error: error.message }, 'bell worker'));
    await worker.waitUntilReady();
    const answering: Answering = {
      async close() {
        answerings.delete(answering);
        stopping.abort();
        await worker.close();
      },
    };
    answerings.add(answering);
    return answering;
  };

  return {
    async ring(edgeId, attemptId, priority) {
      // BullMQ serves small numbers first and 0 before all; ours are -100 to 100 with the highest first.
      await queueOf(edgeId).add('attempt', {}, { jobId: attemptId, priority: 101 - priority });
    },
    answer,
    async close() {
      await Promise.all([...answerings].map((answering) => answering.close()));
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      await pool.end();
    },
  };
}

/** Brings BullMQ's own tables up to date, under its advisory lock. */
async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client as never);
  } finally {
    client.release();
  }
}

const queueName = (edgeId: string) => `edge-${edgeId}`;
