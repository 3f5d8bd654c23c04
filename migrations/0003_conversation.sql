DROP INDEX "nofx"."run_lane_open";--> statement-breakpoint
CREATE INDEX "run_lane" ON "nofx"."run" USING btree ("lane","created_at");--> statement-breakpoint
CREATE INDEX "run_branch" ON "nofx"."run" USING btree ("project_id","branch");--> statement-breakpoint
CREATE INDEX "run_pull_request" ON "nofx"."run" USING btree ("project_id",((("pull_request" ->> 'number'))::int)) WHERE pull_request is not null;