-- Whoever watches runs is told of new events. Only while somebody does: transactions that notify commit one after another.
CREATE FUNCTION "nofx"."tell_events"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM "nofx"."watermark" WHERE name = 'watched' AND updated_at > now() - interval '1 minute') THEN
    PERFORM pg_notify('nofx_event', run_id) FROM (SELECT DISTINCT run_id FROM added) AS runs;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "event_told" AFTER INSERT ON "nofx"."event" REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "nofx"."tell_events"();
