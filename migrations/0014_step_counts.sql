ALTER TABLE "nofx"."step" ADD COLUMN "retries" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "nofx"."step" ADD COLUMN "waits" integer DEFAULT 0 NOT NULL;