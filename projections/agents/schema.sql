-- One row per agent: who they are, whether they want work, and what they have. Few rows, changed often.

CREATE TABLE agent (
    id         text        PRIMARY KEY,
    username   text        NOT NULL,
    name       text        NOT NULL,
    state      text        NOT NULL,
    reason     text        NOT NULL,
    since      timestamptz NOT NULL,  -- of state and reason
    login_at   timestamptz,           -- of the current or last login
    is_connected boolean   NOT NULL,  -- false: cut off from their desk, so nothing is offered
    is_auto_answering boolean NOT NULL,  -- what rings at them is accepted in the same moment
    durations  jsonb       NOT NULL,  -- {state: seconds} of this shift, until since
    attributes jsonb       NOT NULL,  -- {attribute_id: value}
    mrds       jsonb       NOT NULL,  -- [{mrd_id, state, previous_state, since, tasks_max, load, last_ready_at, durations}]
    tasks      jsonb       NOT NULL,  -- [{task_id, mrd_id, state, offer_id, conversation_id, since}]
    position   bigint      NOT NULL,  -- the newest fact in this row
    model      json        NOT NULL
) WITH (fillfactor = 50);

CREATE UNIQUE INDEX agent_by_username ON agent (username, id);

-- For SQL: an agent's stand in each media routing domain, and their tasks.
CREATE VIEW agent_mrd AS
SELECT agent.id AS agent_id, agent.is_connected, mrd.*
FROM agent, jsonb_to_recordset(agent.mrds) AS mrd (
    mrd_id text, state text, previous_state text, since timestamptz, tasks_max int, load int, last_ready_at timestamptz, durations jsonb);

CREATE VIEW agent_task AS
SELECT agent.id AS agent_id, task.*
FROM agent, jsonb_to_recordset(agent.tasks) AS task (
    task_id text, mrd_id text, state text, offer_id text, conversation_id text, since timestamptz);

-- For boards: what changed since. A BRIN index is the one kind that lets an update stay in its page.
CREATE INDEX agent_changed ON agent USING brin (position) WITH (pages_per_range = 16);
