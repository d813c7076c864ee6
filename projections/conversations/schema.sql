-- One row per conversation: everything that a list of conversations shows. What was said stays in the log.

CREATE TABLE conversation (
    id                       text        PRIMARY KEY,
    customer_id              text,
    state                    text        NOT NULL,
    channel_ids              text[]      NOT NULL,  -- in the order in which they joined
    participants             jsonb       NOT NULL,  -- the agents in it: [{agent_id, name, role, task_id, joined_at}]
    bot_id                   text,
    queue_id                 text,                  -- where a human is asked for, and since when
    request_task_id          text,
    request_reason           text,
    requested_at             timestamptz,
    created_at               timestamptz NOT NULL,
    closed_at                timestamptz,
    close_reason             text,
    last_message_id          text,
    last_message_preview     text        NOT NULL,  -- at most 120 characters
    last_message_sender_type text,
    last_message_at          timestamptz,
    customer_messages        int         NOT NULL,
    agent_messages           int         NOT NULL,
    bot_messages             int         NOT NULL,
    other_messages           int         NOT NULL,
    unread                   int         NOT NULL,  -- what the customer wrote since an agent last did
    reply_due                timestamptz,           -- when the customer's silence ends their session
    response_due             timestamptz,           -- when an agent is to have replied
    held_until               timestamptz,           -- when the hold ends by itself
    position                 bigint      NOT NULL,  -- the newest fact in this row
    model                    json        NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX conversation_newest ON conversation (created_at DESC, id DESC);
CREATE INDEX conversation_by_state ON conversation (state, created_at DESC, id DESC);
CREATE INDEX conversation_by_customer ON conversation (customer_id, created_at DESC, id DESC);

-- Who took part in what, for lists by agent.
CREATE TABLE participation (
    agent_id        text        NOT NULL,
    conversation_id text        NOT NULL,
    created_at      timestamptz NOT NULL,  -- of the conversation
    present         boolean     NOT NULL,
    PRIMARY KEY (agent_id, conversation_id)
);

CREATE INDEX participation_newest ON participation (agent_id, created_at DESC, conversation_id DESC);
CREATE INDEX participation_now ON participation (agent_id, created_at DESC, conversation_id DESC) WHERE present;

-- For boards: what changed since. A BRIN index is the one kind that lets an update stay in its page.
CREATE INDEX conversation_changed ON conversation USING brin (position) WITH (pages_per_range = 16);
