ALTER TABLE "outputs" ADD COLUMN "dimensions" jsonb;--> statement-breakpoint
ALTER TABLE "steps" ADD COLUMN "dimensions" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
-- Measured without the length of the recording or the size of the image: a minute may have been that of a long one or a slow machine's.
DELETE FROM "measurements" WHERE "task" IN ('automatic-speech-recognition', 'image-upscaling');
