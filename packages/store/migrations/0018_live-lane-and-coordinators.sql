CREATE TABLE "coordinators" (
	"id" uuid PRIMARY KEY NOT NULL,
	"home" text NOT NULL,
	"url" text NOT NULL,
	"version" text NOT NULL,
	"storage" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"alive_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shared_secrets" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "checkpoints" (
	"run_id" uuid NOT NULL,
	"step_id" text NOT NULL,
	"shard" integer NOT NULL,
	"at" bigint NOT NULL,
	"hash" text NOT NULL,
	"included" integer[] NOT NULL,
	"attempt_id" uuid NOT NULL,
	"model_id" text NOT NULL,
	"model_hash" text NOT NULL,
	"arrived" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "checkpoints_hash_pk" PRIMARY KEY("hash")
);
--> statement-breakpoint
CREATE TABLE "control_positions" (
	"run_id" uuid NOT NULL,
	"step_id" text NOT NULL,
	"number" integer NOT NULL,
	"shard" integer NOT NULL,
	"at" bigint,
	"done" boolean NOT NULL,
	CONSTRAINT "control_positions_run_id_step_id_shard_number_pk" PRIMARY KEY("run_id","step_id","shard","number")
);
--> statement-breakpoint
CREATE TABLE "controls" (
	"run_id" uuid NOT NULL,
	"step_id" text NOT NULL,
	"number" integer NOT NULL,
	"kind" text NOT NULL,
	"value" jsonb NOT NULL,
	"replayed" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "controls_run_id_step_id_number_pk" PRIMARY KEY("run_id","step_id","number")
);
--> statement-breakpoint
ALTER TABLE "edges" ADD COLUMN "abilities" text[];--> statement-breakpoint
ALTER TABLE "edges" ADD COLUMN "coordinator_id" uuid;--> statement-breakpoint
ALTER TABLE "edges" ADD COLUMN "claim" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_hash_artifacts_hash_fk" FOREIGN KEY ("hash") REFERENCES "public"."artifacts"("hash") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_run_id_step_id_shard_shards_run_id_step_id_index_fk" FOREIGN KEY ("run_id","step_id","shard") REFERENCES "public"."shards"("run_id","step_id","index") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "control_positions" ADD CONSTRAINT "control_positions_run_id_step_id_number_controls_run_id_step_id_number_fk" FOREIGN KEY ("run_id","step_id","number") REFERENCES "public"."controls"("run_id","step_id","number") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "controls" ADD CONSTRAINT "controls_run_id_step_id_steps_run_id_step_id_fk" FOREIGN KEY ("run_id","step_id") REFERENCES "public"."steps"("run_id","step_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "checkpoints_of_shard" ON "checkpoints" USING btree ("run_id","step_id","shard");