CREATE TABLE "nofx"."session" (
	"hash" text PRIMARY KEY NOT NULL,
	"key_id" text,
	"ends_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "nofx"."session" ADD CONSTRAINT "session_key_id_api_key_id_fk" FOREIGN KEY ("key_id") REFERENCES "nofx"."api_key"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "session_ends" ON "nofx"."session" USING btree ("ends_at");