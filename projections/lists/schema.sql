-- One row per item: a request on a list, who works on it, and whether its customer waits.

CREATE TABLE item (
    id              text        PRIMARY KEY,
    list_id         text        NOT NULL,
    mrd_id          text        NOT NULL,
    conversation_id text        NOT NULL,
    customer_id     text        NOT NULL,
    state           text        NOT NULL,
    unread          int         NOT NULL,
    arrived_at      timestamptz NOT NULL,
    waiting_since   timestamptz,           -- none while somebody works on it, or everything is read
    participants    jsonb       NOT NULL,  -- who works on it now: agent_id, task_id, joined_at
    dismissed_by    text[]      NOT NULL,
    closed_at       timestamptz,
    close_reason    text,
    closed_by       text,
    position        bigint      NOT NULL,  -- the newest fact in this row
    model           json        NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX item_newest ON item (arrived_at DESC, id DESC);
CREATE INDEX item_by_list ON item (list_id, arrived_at DESC, id DESC);
CREATE INDEX item_open ON item (list_id, arrived_at DESC, id DESC) WHERE state <> 'CLOSED';

-- For boards: what changed since. A BRIN index is the one kind that lets an update stay in its page.
CREATE INDEX item_changed ON item USING brin (position) WITH (pages_per_range = 16);
