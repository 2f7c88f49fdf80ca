-- Incidents, what they caused, and what became of it.
CREATE TABLE incidents (
    incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('drift', 'performance')),
    version     text        NOT NULL,
    opened_by   bigint      NOT NULL REFERENCES windows,
    opened_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    reasons     text[]      NOT NULL,
    closed_by   bigint      REFERENCES windows,
    closed_at   timestamptz,
    closing     text,
    UNIQUE (kind, opened_by)
);
CREATE UNIQUE INDEX incidents_one_open ON incidents (kind) WHERE closed_at IS NULL;

CREATE TABLE outbox (
    outbox_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dedupe_key      text        NOT NULL UNIQUE,
    kind            text        NOT NULL CHECK (kind IN ('mail', 'retrain')),
    incident_id     bigint      REFERENCES incidents,
    payload         jsonb       NOT NULL,
    state           text        NOT NULL DEFAULT 'pending'
                    CHECK (state IN ('pending', 'running', 'done', 'skipped', 'dead')),
    attempts        integer     NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at      timestamptz,
    finished_at     timestamptz,
    last_error      text,
    result          jsonb
);
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE state IN ('pending', 'running');

-- What training's gate decided about a run that an incident asked for.
CREATE TABLE training_outcomes (
    request_id      text        PRIMARY KEY,
    incident_id     bigint      REFERENCES incidents,
    outcome         text        NOT NULL CHECK (outcome IN ('promoted', 'refused', 'failed')),
    version         text,
    champion_before text,
    reasons         text[]      NOT NULL,
    seen_at         timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The worker's loops are alive: for the health check and the dashboards.
CREATE TABLE heartbeats (
    part    text        PRIMARY KEY,
    beat_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What happened, for people and for the annotations of the dashboards.
CREATE TABLE events (
    event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dedupe_key  text        NOT NULL UNIQUE,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind        text        NOT NULL,
    version     text        NOT NULL DEFAULT '',
    text        text        NOT NULL
);
CREATE INDEX events_time ON events (happened_at);
