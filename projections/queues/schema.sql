-- The live board and the history of each queue: what is open now, and what happened in every quarter of an hour.

CREATE TABLE queue (
    id                        text    PRIMARY KEY,
    name                      text    NOT NULL,
    mrd_id                    text    NOT NULL,
    priority                  int     NOT NULL,
    service_level_type        int     NOT NULL,
    service_level_threshold_s int     NOT NULL,
    retired                   boolean NOT NULL
);

-- Every task that is not closed yet; rows leave when it is.
CREATE TABLE request (
    id                text        PRIMARY KEY,
    queue_id          text,
    media_state       text        NOT NULL,
    state             text        NOT NULL,
    first_enqueued_at timestamptz,
    reserved_at       timestamptz,
    answered_at       timestamptz,
    wrap_up_at        timestamptz,
    was_first         boolean     NOT NULL,  -- nobody waited when it came
    foretold_s        double precision,      -- the wait that it would have been told then
    model             json        NOT NULL
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- Each thing is counted in the quarter in which it happened, but for the two `…_within`: they are counted in the quarter in
-- which the request first entered the queue, like `offered`, so that a service level compares the same requests.
CREATE TABLE quarter (
    queue_id          text        NOT NULL,
    starts_at         timestamptz NOT NULL,
    offered           int         NOT NULL,  -- requests that entered; one that rang in vain and went on is the same request
    requeued          int         NOT NULL,  -- times that a request went on under a new task
    answered          int         NOT NULL,
    handled           int         NOT NULL,  -- answered, and the task ended DONE
    abandoned         int         NOT NULL,  -- the customer left while it was queued or rang
    abandoned_network    int      NOT NULL,  -- … of these, lost their connection
    abandoned_inactivity int      NOT NULL,  -- … fell silent
    abandoned_forced     int      NOT NULL,  -- … were sent away; all others went by themselves
    short_abandoned   int         NOT NULL,  -- … within 5 seconds
    rona              int         NOT NULL,  -- offers that nobody picked up
    declined          int         NOT NULL,  -- offers that an agent declined
    flushed           int         NOT NULL,  -- requests that a supervisor ended
    no_agent          int         NOT NULL,  -- requests that waited to the end in vain
    answered_within   int         NOT NULL,  -- within the threshold that held when it was answered
    abandoned_within  int         NOT NULL,
    wait_ms           bigint      NOT NULL,  -- Σ (accept − first enqueue)
    abandoned_wait_ms bigint      NOT NULL,
    longest_wait_ms   bigint      NOT NULL,  -- of those whose wait ended, however it did
    alert_ms          bigint      NOT NULL,  -- Σ (accept − offer)
    handle_ms         bigint      NOT NULL,  -- Σ (close − accept) of what was handled, wrap-up included
    wrap_up_ms        bigint      NOT NULL,
    foretold          int         NOT NULL,  -- answers whose wait had been estimated when the request came; re-routed ones are not
    foretold_error_ms bigint      NOT NULL,  -- Σ |estimate − wait| of these
    foretold_bias_ms  bigint      NOT NULL,  -- Σ (estimate − wait)
    PRIMARY KEY (queue_id, starts_at)
) WITH (fillfactor = 80);

CREATE INDEX quarter_by_time ON quarter (starts_at);

-- How fast each queue moves (domain/routing/pace.py), to tell how wrong the estimates were.
CREATE TABLE pace (
    id   text PRIMARY KEY,
    pace json NOT NULL
) WITH (fillfactor = 60);
