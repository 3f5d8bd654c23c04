ALTER TABLE "nofx"."run" DROP CONSTRAINT "run_ended_status";--> statement-breakpoint
ALTER TABLE "nofx"."run" ADD COLUMN "turn_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "nofx"."step" ADD COLUMN "wait_until" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "step_waiting" ON "nofx"."step" USING btree ("wait_until") WHERE status = 'waiting';--> statement-breakpoint
ALTER TABLE "nofx"."run" ADD CONSTRAINT "run_ended_status" CHECK ((ended_at is null) = (status in ('queued', 'running', 'waiting')));--> statement-breakpoint
UPDATE "nofx"."run" SET "turn_at" = now() WHERE "ended_at" IS NULL AND EXISTS (SELECT FROM "nofx"."step" WHERE "step"."run_id" = "run"."id" AND "step"."status" <> 'pending');
