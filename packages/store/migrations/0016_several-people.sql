ALTER TABLE "session" ADD COLUMN "last_used_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "single_use_token" ADD COLUMN "revoked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "single_use_token" ADD COLUMN "role" text;--> statement-breakpoint
ALTER TABLE "single_use_token" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "single_use_token" ADD COLUMN "for_user" text;--> statement-breakpoint
ALTER TABLE "single_use_token" ADD COLUMN "ends_tokens" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "user" ADD COLUMN "last_seen_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "user" ADD COLUMN "most_open_runs" integer;--> statement-breakpoint
ALTER TABLE "user" ADD COLUMN "most_uploaded_bytes" bigint;--> statement-breakpoint
ALTER TABLE "single_use_token" ADD CONSTRAINT "single_use_token_for_user_user_id_fk" FOREIGN KEY ("for_user") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;