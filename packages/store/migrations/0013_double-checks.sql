CREATE TABLE "disagreements" (
	"id" uuid PRIMARY KEY NOT NULL,
	"cache_key" text NOT NULL,
	"task" text NOT NULL,
	"model_id" text NOT NULL,
	"model_hash" text NOT NULL,
	"run_id" uuid,
	"step_id" text NOT NULL,
	"shard" integer NOT NULL,
	"maker" uuid NOT NULL,
	"made" jsonb NOT NULL,
	"checker" uuid NOT NULL,
	"found" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"decided_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "double_checks" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"step_id" text NOT NULL,
	"shard" integer NOT NULL,
	"maker" uuid NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "owner_settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "edges" ADD COLUMN "compared" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "disagreements" ADD CONSTRAINT "disagreements_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "disagreements" ADD CONSTRAINT "disagreements_maker_edges_id_fk" FOREIGN KEY ("maker") REFERENCES "public"."edges"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "disagreements" ADD CONSTRAINT "disagreements_checker_edges_id_fk" FOREIGN KEY ("checker") REFERENCES "public"."edges"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "double_checks" ADD CONSTRAINT "double_checks_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "double_checks" ADD CONSTRAINT "double_checks_maker_edges_id_fk" FOREIGN KEY ("maker") REFERENCES "public"."edges"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "disagreements_open" ON "disagreements" USING btree ("cache_key") WHERE decided_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "disagreements_pair" ON "disagreements" USING btree ("cache_key","maker","checker") WHERE decided_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "double_checks_shard" ON "double_checks" USING btree ("run_id","step_id","shard");