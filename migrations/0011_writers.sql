ALTER TABLE "nofx"."github_budget" RENAME COLUMN "installation_id" TO "writer";--> statement-breakpoint
ALTER TABLE "nofx"."github_budget" ALTER COLUMN "writer" SET DATA TYPE text USING 'installation ' || "writer";
