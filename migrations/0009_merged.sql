ALTER TABLE "nofx"."run" ADD COLUMN "merged_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "run_merged" ON "nofx"."run" USING btree ("merged_at") WHERE merged_at is not null;--> statement-breakpoint
CREATE INDEX "run_words" ON "nofx"."run" USING gin (to_tsvector('english', left(("goal" || ' ' || ("source" ->> 'prompt')), 20000)));