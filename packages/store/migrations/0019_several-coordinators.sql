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
ALTER TABLE "edges" ADD COLUMN "coordinator_id" uuid;--> statement-breakpoint
ALTER TABLE "edges" ADD COLUMN "claim" integer DEFAULT 0 NOT NULL;