ALTER TABLE "nofx"."project" ALTER COLUMN "default_branch" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "nofx"."project" ADD COLUMN "base_branch" text;--> statement-breakpoint
ALTER TABLE "nofx"."project" ADD COLUMN "token_env" text;--> statement-breakpoint
ALTER TABLE "nofx"."project" ADD COLUMN "synced_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "nofx"."project" ADD COLUMN "removed_at" timestamp with time zone;--> statement-breakpoint
-- Until now a row held what the configuration of its newest run said; from here on it holds what is settled outside of it.
UPDATE "nofx"."project" SET "git_mode" = 'basic', "workspace_mode" = 'worktree' WHERE "installation_id" IS NOT NULL;--> statement-breakpoint
UPDATE "nofx"."project" SET "synced_at" = now() WHERE EXISTS (SELECT FROM "nofx"."run" WHERE "run"."project_id" = "project"."id" AND "run"."status" IN ('succeeded', 'neutral'));
