-- The event log. Table and column names are those of the `eventsourcing` library's PostgreSQL recorder with text ids, so
-- that its tools read it; `event_id`, `at` and `cause` are ours. Rows are never changed and never deleted.

CREATE TABLE IF NOT EXISTS stored_events (
    notification_id    bigint      NOT NULL,  -- the position: 1, 2, 3, … in commit order, without a gap
    originator_version bigint      NOT NULL,  -- counts from 0 in each stream
    at                 timestamptz NOT NULL,
    event_id           uuid        NOT NULL,  -- the same when a command is sent again: how a repeat is recognised
    originator_id      text        NOT NULL,  -- the stream
    topic              text        NOT NULL,  -- the stored name of the fact
    state              bytea       NOT NULL,  -- the fact, as JSON
    cause              bytea       NOT NULL,  -- the command, the actor and the conversation, as JSON
    PRIMARY KEY (originator_id, originator_version)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

CREATE UNIQUE INDEX IF NOT EXISTS stored_events_notification_id_idx ON stored_events (notification_id);

-- For people who look with SQL.
CREATE OR REPLACE VIEW readable_events AS
SELECT notification_id AS position, originator_id AS stream, originator_version AS version, at, topic,
       convert_from(state, 'utf8')::jsonb AS fact, convert_from(cause, 'utf8')::jsonb AS cause
FROM stored_events;

-- Appends many requests at once, each to another stream, each whole or not at all. `streams` and `expecteds` hold one
-- element per request, the other arrays one per fact; `requests` names the fact's request, counted from 1.
-- Gives the position of the first fact written, and the requests whose stream is not at the expected version.
--
-- The lock is shared by all writing processes and held until commit, so positions are in commit order and whoever has seen
-- position n can never miss a smaller one. It must be a function: each statement in it sees what was committed before the
-- lock was given, where one plain statement would see the time before it began to wait.
CREATE OR REPLACE FUNCTION append_facts(
    streams text[], expecteds bigint[],
    requests bigint[], originators text[], versions bigint[], topics text[], states bytea[], event_ids uuid[],
    ats timestamptz[], causes bytea[],
    OUT first_position bigint, OUT refused bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    head bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(7275939371);
    SELECT coalesce(max(notification_id), 0) INTO head FROM stored_events;
    first_position := head + 1;

    SELECT array_agg(request) INTO refused
    FROM unnest(streams, expecteds) WITH ORDINALITY AS asked (stream, expected, request)
    WHERE expected <> coalesce(
        (SELECT max(originator_version) FROM stored_events WHERE originator_id = asked.stream), -1);

    IF refused IS NULL THEN
        INSERT INTO stored_events (
            notification_id, originator_version, at, event_id, originator_id, topic, state, cause)
        SELECT head + n, version, at, event_id, originator, topic, state, cause
        FROM unnest(versions, ats, event_ids, originators, topics, states, causes) WITH ORDINALITY
            AS fact (version, at, event_id, originator, topic, state, cause, n);
    ELSE
        INSERT INTO stored_events (
            notification_id, originator_version, at, event_id, originator_id, topic, state, cause)
        SELECT head + row_number() OVER (ORDER BY n), version, at, event_id, originator, topic, state, cause
        FROM unnest(requests, versions, ats, event_ids, originators, topics, states, causes) WITH ORDINALITY
            AS fact (request, version, at, event_id, originator, topic, state, cause, n)
        WHERE request <> ALL (refused);
    END IF;
END $$;
