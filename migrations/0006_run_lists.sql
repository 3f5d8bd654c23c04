DROP INDEX "nofx"."run_project_created";--> statement-breakpoint
CREATE INDEX "run_created" ON "nofx"."run" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "run_requester_created" ON "nofx"."run" USING btree (((("source" -> 'requester' ->> 'id'))::bigint),"created_at","id");--> statement-breakpoint
CREATE INDEX "run_author_created" ON "nofx"."run" USING btree (lower("source" -> 'requester' ->> 'login'),"created_at","id");--> statement-breakpoint
CREATE INDEX "run_status_created" ON "nofx"."run" USING btree ("status","created_at","id") WHERE ended_at is not null;--> statement-breakpoint
CREATE INDEX "run_project_created" ON "nofx"."run" USING btree ("project_id","created_at","id");