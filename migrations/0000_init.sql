CREATE SCHEMA "nofx";
--> statement-breakpoint
CREATE TABLE "nofx"."artifact" (
	"id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"step_id" text NOT NULL,
	"name" text NOT NULL,
	"path" text NOT NULL,
	"driver" text NOT NULL,
	"sha256" text NOT NULL,
	"size" integer NOT NULL,
	"content_type" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifact_step_name" UNIQUE("step_id","name")
);
--> statement-breakpoint
CREATE TABLE "nofx"."delivery" (
	"guid" text PRIMARY KEY NOT NULL,
	"event" text NOT NULL,
	"payload" jsonb NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"processed_at" timestamp with time zone,
	"outcome" text
);
--> statement-breakpoint
CREATE TABLE "nofx"."effect" (
	"run_id" text NOT NULL,
	"key" text NOT NULL,
	"result" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"done_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "nofx"."endpoint" (
	"id" text PRIMARY KEY NOT NULL,
	"url" text NOT NULL,
	"secret" text NOT NULL,
	"types" jsonb,
	"project_id" text,
	"enabled" boolean DEFAULT true NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"disabled_reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "nofx"."event" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "nofx"."event_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" text NOT NULL,
	"seq" integer NOT NULL,
	"step_id" text,
	"type" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "nofx"."github_budget" (
	"installation_id" bigint PRIMARY KEY NOT NULL,
	"minute" timestamp with time zone NOT NULL,
	"minute_used" integer NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"hour_used" integer NOT NULL,
	"blocked_until" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "nofx"."message" (
	"id" text PRIMARY KEY NOT NULL,
	"endpoint_id" text NOT NULL,
	"run_id" text NOT NULL,
	"seq" integer NOT NULL,
	"status" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "nofx"."message_attempt" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "nofx"."message_attempt_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"message_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"status" integer,
	"duration_ms" integer NOT NULL,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "nofx"."project" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"repo_url" text,
	"local_path" text,
	"workspace_mode" text NOT NULL,
	"git_mode" text NOT NULL,
	"default_branch" text NOT NULL,
	"installation_id" bigint,
	"repository_id" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "nofx"."run" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"status" text NOT NULL,
	"goal" text NOT NULL,
	"plan" jsonb NOT NULL,
	"trigger_key" text NOT NULL,
	"source" jsonb NOT NULL,
	"model" text NOT NULL,
	"max_cost_usd" double precision NOT NULL,
	"git_mode" text NOT NULL,
	"base_ref" text NOT NULL,
	"base_sha" text NOT NULL,
	"config" jsonb NOT NULL,
	"branch" text NOT NULL,
	"lane" text NOT NULL,
	"priority" integer DEFAULT 0 NOT NULL,
	"cancel_requested_at" timestamp with time zone,
	"cancel_requested_by" text,
	"pull_request" jsonb,
	"failure" jsonb,
	"usage" jsonb,
	"cost" jsonb,
	"last_seq" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "run_trigger_key" UNIQUE("trigger_key"),
	CONSTRAINT "run_ended_status" CHECK ((ended_at is null) = (status in ('queued', 'running')))
);
--> statement-breakpoint
CREATE TABLE "nofx"."step" (
	"id" text PRIMARY KEY NOT NULL,
	"run_id" text NOT NULL,
	"position" integer NOT NULL,
	"name" text NOT NULL,
	"tool" text NOT NULL,
	"inputs" jsonb NOT NULL,
	"outputs" jsonb,
	"status" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"depends_on" jsonb NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"lease_job" text,
	"lease_retry" integer,
	"failure" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "step_idempotency_key" UNIQUE("idempotency_key"),
	CONSTRAINT "step_run_name" UNIQUE("run_id","name")
);
--> statement-breakpoint
CREATE TABLE "nofx"."watermark" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "nofx"."artifact" ADD CONSTRAINT "artifact_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "nofx"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."artifact" ADD CONSTRAINT "artifact_step_id_step_id_fk" FOREIGN KEY ("step_id") REFERENCES "nofx"."step"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."effect" ADD CONSTRAINT "effect_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "nofx"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."endpoint" ADD CONSTRAINT "endpoint_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "nofx"."project"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."event" ADD CONSTRAINT "event_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "nofx"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."message" ADD CONSTRAINT "message_endpoint_id_endpoint_id_fk" FOREIGN KEY ("endpoint_id") REFERENCES "nofx"."endpoint"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."message" ADD CONSTRAINT "message_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "nofx"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."message_attempt" ADD CONSTRAINT "message_attempt_message_id_message_id_fk" FOREIGN KEY ("message_id") REFERENCES "nofx"."message"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."run" ADD CONSTRAINT "run_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "nofx"."project"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "nofx"."step" ADD CONSTRAINT "step_run_id_run_id_fk" FOREIGN KEY ("run_id") REFERENCES "nofx"."run"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "artifact_run" ON "nofx"."artifact" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "delivery_processed" ON "nofx"."delivery" USING btree ("received_at") WHERE processed_at is not null;--> statement-breakpoint
CREATE INDEX "delivery_open" ON "nofx"."delivery" USING btree ("received_at") WHERE processed_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "effect_run_key" ON "nofx"."effect" USING btree ("run_id","key");--> statement-breakpoint
CREATE UNIQUE INDEX "event_run_seq" ON "nofx"."event" USING btree ("run_id","seq");--> statement-breakpoint
CREATE UNIQUE INDEX "message_endpoint_event" ON "nofx"."message" USING btree ("endpoint_id","run_id","seq");--> statement-breakpoint
CREATE INDEX "message_endpoint_created" ON "nofx"."message" USING btree ("endpoint_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "message_run" ON "nofx"."message" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "message_attempt_message" ON "nofx"."message_attempt" USING btree ("message_id","at");--> statement-breakpoint
CREATE INDEX "run_project_created" ON "nofx"."run" USING btree ("project_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "run_open" ON "nofx"."run" USING btree ("created_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "run_lane_open" ON "nofx"."run" USING btree ("lane","created_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "run_project_open" ON "nofx"."run" USING btree ("project_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "run_ended" ON "nofx"."run" USING btree ("ended_at") WHERE ended_at is not null;--> statement-breakpoint
CREATE INDEX "step_run_position" ON "nofx"."step" USING btree ("run_id","position");--> statement-breakpoint
CREATE INDEX "step_running" ON "nofx"."step" USING btree ("started_at") WHERE status = 'running';