-- Attempts are given out from their own rows; the queues that only woke edges are gone.
-- Another program may keep its own queues in the same schema: then all of it stays.
DO $$
DECLARE
  others boolean;
BEGIN
  IF to_regclass('bullmq.meta') IS NULL OR to_regclass('bullmq.job') IS NULL THEN
    RETURN;
  END IF;
  EXECUTE 'SELECT EXISTS (SELECT FROM bullmq.meta WHERE queue !~ $1) OR EXISTS (SELECT FROM bullmq.job WHERE queue !~ $1)'
    INTO others USING '^edge-[0-9a-f-]{36}$';
  IF NOT others THEN
    DROP SCHEMA bullmq CASCADE;
  END IF;
END $$;
