CREATE TABLE "services" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"run_id" uuid,
	"kind" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"any_edge" boolean NOT NULL,
	"edge_id" uuid,
	"wanted" text NOT NULL,
	"state" text NOT NULL,
	"fence" bigint,
	"lease_expires_at" timestamp with time zone,
	"restarts" integer DEFAULT 0 NOT NULL,
	"losses" integer DEFAULT 0 NOT NULL,
	"error" jsonb,
	"log" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ready_at" timestamp with time zone,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "services" ADD CONSTRAINT "services_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "services" ADD CONSTRAINT "services_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "services" ADD CONSTRAINT "services_edge_id_edges_id_fk" FOREIGN KEY ("edge_id") REFERENCES "public"."edges"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "services_of_user" ON "services" USING btree ("user_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "services_open" ON "services" USING btree ("edge_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "services_of_run" ON "services" USING btree ("run_id") WHERE ended_at is null;