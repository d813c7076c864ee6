-- One row per customer: by what they are known, and how it stands between us.

CREATE TABLE customer (
    id              text        PRIMARY KEY,
    name            text        NOT NULL,
    anonymous       boolean     NOT NULL,
    identities      jsonb       NOT NULL,  -- [{identity_id, channel_id, kind, contact}]
    conversation_id text,                  -- the open one
    conversations   int         NOT NULL,
    messages        int         NOT NULL,  -- that the customer wrote
    first_seen      timestamptz NOT NULL,
    last_seen       timestamptz NOT NULL,
    position        bigint      NOT NULL,  -- the newest fact in this row
    model           json        NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX customer_newest ON customer (first_seen DESC, id DESC);
CREATE INDEX customer_by_name ON customer (left(lower(name), 100) text_pattern_ops);  -- a name may be of any length
CREATE INDEX customer_by_contact ON customer USING gin (identities jsonb_path_ops);

-- Whose each open conversation is: messages name the conversation alone.
CREATE TABLE open_conversation (
    id          text PRIMARY KEY,
    customer_id text NOT NULL
);
