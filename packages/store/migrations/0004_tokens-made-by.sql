ALTER TABLE "apikey" ADD COLUMN "made_by" text;--> statement-breakpoint
ALTER TABLE "apikey" ADD CONSTRAINT "apikey_made_by_apikey_id_fk" FOREIGN KEY ("made_by") REFERENCES "public"."apikey"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "apikey_made_by" ON "apikey" USING btree ("made_by");