DROP INDEX "outputs_listed";--> statement-breakpoint
DROP INDEX "outputs_public";--> statement-breakpoint
DROP INDEX "outputs_caption";--> statement-breakpoint
CREATE INDEX "outputs_made" ON "outputs" USING btree ("user_id","id") WHERE listed and run_id is not null and deleted_at is null;--> statement-breakpoint
CREATE INDEX "outputs_uploaded" ON "outputs" USING btree ("user_id","id") WHERE listed and run_id is null and deleted_at is null;--> statement-breakpoint
CREATE INDEX "outputs_listed" ON "outputs" USING btree ("user_id","modality","id") WHERE listed and deleted_at is null;--> statement-breakpoint
CREATE INDEX "outputs_public" ON "outputs" USING btree ("id") WHERE visibility = 'public' and deleted_at is null;--> statement-breakpoint
CREATE INDEX "outputs_caption" ON "outputs" USING gin (to_tsvector('simple', translate("caption", '!"#$%&''()*+,-./:' || chr(59) || '<=>?@[\]^_`{|}~', '                                '))) WHERE listed and deleted_at is null;