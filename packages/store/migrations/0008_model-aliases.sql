CREATE TABLE "model_aliases" (
	"name" text PRIMARY KEY NOT NULL,
	"model_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
