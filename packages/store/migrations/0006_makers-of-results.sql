CREATE TABLE "disagreements" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"step_id" text NOT NULL,
	"shard" integer NOT NULL,
	"model_id" text NOT NULL,
	"edge_id" uuid NOT NULL,
	"other_edge_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "edges" ADD COLUMN "confirmed_transfer_url" text;--> statement-breakpoint
ALTER TABLE "outputs" ADD COLUMN "maker" uuid;--> statement-breakpoint
UPDATE "outputs" SET "maker" = a.edge_id FROM "attempts" a
WHERE a.run_id = "outputs".run_id AND a.step_id = "outputs".step_id AND a.shard = "outputs".shard AND a.state = 'succeeded';--> statement-breakpoint
UPDATE "outputs" SET "maker" = original.maker FROM (SELECT cache_key, hash, (array_agg(maker ORDER BY id))[1] AS maker FROM "outputs" WHERE maker IS NOT NULL AND cache_key IS NOT NULL GROUP BY cache_key, hash) AS original
WHERE "outputs".maker IS NULL AND "outputs".run_id IS NOT NULL AND "outputs".cache_key = original.cache_key AND "outputs".hash = original.hash;
