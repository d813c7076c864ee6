-- One row per task: one agent's share of one conversation, and the request that looked for that agent.

CREATE TABLE task (
    id                text        PRIMARY KEY,
    conversation_id   text        NOT NULL,
    customer_id       text        NOT NULL,
    session_id        text,
    queue_id          text,
    mrd_id            text,
    direction         text        NOT NULL,
    mode              text        NOT NULL,
    state             text        NOT NULL,
    media_state       text        NOT NULL,
    priority          int,
    step              int,
    attempt           int,
    root_request_id   text,
    previous_task_id  text,
    requested_by      text,                  -- the colleague who asked for somebody, and what they say to them
    request_note      text        NOT NULL,
    agent_id          text,                  -- who holds it: offered, talking, wrapping up, or at the end
    offer_id          text,
    offer_due         timestamptz,
    slot_version      int,                   -- which fact of the agent's stream says why to them
    created_at        timestamptz NOT NULL,
    first_enqueued_at timestamptz,           -- of the request, whatever task it then went on under
    enqueued_at       timestamptz,
    expires_at        timestamptz,
    reserved_at       timestamptz,
    answered_at       timestamptz,
    wrap_up_at        timestamptz,
    wrap_up_due       timestamptz,
    closed_at         timestamptz,
    close_reason      text,
    disposition       text,
    customer_left     text,                  -- how, where they left before anybody answered
    close_words       text        NOT NULL,  -- why the agent declined, or what the customer was told
    codes             text[]      NOT NULL,
    note              text        NOT NULL,
    position          bigint      NOT NULL,  -- the newest fact in this row
    model             json        NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX task_newest ON task (created_at DESC, id DESC);
CREATE INDEX task_by_queue ON task (queue_id, created_at DESC, id DESC);
CREATE INDEX task_by_agent ON task (agent_id, created_at DESC, id DESC);
CREATE INDEX task_open ON task (queue_id, media_state, created_at DESC, id DESC) WHERE state <> 'CLOSED';
CREATE INDEX task_by_conversation ON task (conversation_id, created_at DESC, id DESC);

-- For boards: what changed since. A BRIN index is the one kind that lets an update stay in its page.
CREATE INDEX task_changed ON task USING brin (position) WITH (pages_per_range = 16);
