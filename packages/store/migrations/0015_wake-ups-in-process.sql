-- Attempts are given out from their own rows; the queues that only woke edges are gone.
DROP SCHEMA IF EXISTS "bullmq" CASCADE;
