/**
 * PostgreSQL: the schema, its migrations, and the embedded server for those who have none.
 * Not here: what the rows mean (apps/coordinator/src/core) or who may take an attempt.
 * Begin with schema/index.ts; open.ts opens a database.
 */
export {
  type EmbeddedServer,
  type OutsideDatabase,
  outsideDatabases,
  removeEmbeddedServer,
  startEmbeddedServer,
  stopEmbeddedServer,
} from './embedded/server.ts';
export { type Listening, listen } from './listen.ts';
export { migrate } from './migrate.ts';
export { type Database, openDatabase } from './open.ts';
export * as schema from './schema/index.ts';
export { migrateTo, testDatabase } from './testing.ts';
export { inTransaction, inTransactionAgain } from './transaction.ts';
