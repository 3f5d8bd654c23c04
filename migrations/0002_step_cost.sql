ALTER TABLE "nofx"."step" ADD COLUMN "usage" jsonb;--> statement-breakpoint
ALTER TABLE "nofx"."step" ADD COLUMN "cost" jsonb;