CREATE TABLE "installation" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "stars" (
	"user_id" text NOT NULL,
	"output_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "stars_user_id_output_id_pk" PRIMARY KEY("user_id","output_id")
);
--> statement-breakpoint
ALTER TABLE "outputs" ADD COLUMN "modality" text;--> statement-breakpoint
ALTER TABLE "outputs" ADD COLUMN "text" text;--> statement-breakpoint
ALTER TABLE "outputs" ADD COLUMN "caption" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "outputs" ADD COLUMN "listed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "outputs" ADD COLUMN "visibility" text DEFAULT 'private' NOT NULL;--> statement-breakpoint
ALTER TABLE "outputs" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "outputs" ADD COLUMN "cache_key" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "fresh" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "state_version" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "shards" ADD COLUMN "rank" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "shards" ADD COLUMN "cached" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "steps" ADD COLUMN "sharing" jsonb;--> statement-breakpoint
UPDATE "outputs" SET "modality" = CASE WHEN media_type LIKE 'image/%' THEN 'image' WHEN media_type LIKE 'audio/%' THEN 'audio' WHEN media_type LIKE 'video/%' THEN 'video'
	WHEN media_type LIKE 'text/%' OR media_type LIKE 'application/json%' THEN 'text' ELSE 'tensor' END, "listed" = step_id IS NOT NULL OR name IS NOT NULL;--> statement-breakpoint
UPDATE "outputs" o SET "caption" = left(i.text, 2000) FROM (SELECT run_id, string_agg(text, ' ') AS text FROM run_inputs WHERE text IS NOT NULL GROUP BY run_id) i WHERE i.run_id = o.run_id AND o.step_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE "outputs" ALTER COLUMN "modality" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "stars" ADD CONSTRAINT "stars_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stars" ADD CONSTRAINT "stars_output_id_outputs_id_fk" FOREIGN KEY ("output_id") REFERENCES "public"."outputs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "stars_output" ON "stars" USING btree ("output_id");--> statement-breakpoint
CREATE INDEX "outputs_cache" ON "outputs" USING btree ("cache_key") WHERE cache_key is not null and deleted_at is null;--> statement-breakpoint
CREATE INDEX "outputs_listed" ON "outputs" USING btree ("user_id","modality","id" DESC NULLS LAST) WHERE listed and deleted_at is null;--> statement-breakpoint
CREATE INDEX "outputs_public" ON "outputs" USING btree ("id" DESC NULLS LAST) WHERE visibility = 'public' and deleted_at is null;--> statement-breakpoint
CREATE INDEX "outputs_deleted" ON "outputs" USING btree ("deleted_at") WHERE deleted_at is not null;--> statement-breakpoint
CREATE INDEX "outputs_caption" ON "outputs" USING gin (to_tsvector('simple', "caption")) WHERE deleted_at is null;