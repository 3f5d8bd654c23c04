DROP INDEX "nofx"."step_running";--> statement-breakpoint
DROP INDEX "nofx"."step_waiting";--> statement-breakpoint
CREATE INDEX "step_waiting" ON "nofx"."step" USING btree ("wait_until") WHERE wait_until is not null;--> statement-breakpoint
ALTER TABLE "nofx"."run" SET (fillfactor = 70);--> statement-breakpoint
ALTER TABLE "nofx"."step" SET (fillfactor = 70);
