-- Windows and their figures. The natural key makes a second evaluation an update of the same row.
CREATE TABLE windows (
    window_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind              text        NOT NULL CHECK (kind IN ('scored', 'labelled')),
    version           text        NOT NULL,
    after_row         bigint      NOT NULL,
    last_row          bigint      NOT NULL CHECK (last_row >= after_row),
    row_count         integer     NOT NULL CHECK (row_count >= 0),
    rejected_count    integer     NOT NULL DEFAULT 0,
    first_event       timestamptz,
    last_event        timestamptz,
    closed_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_by         text        NOT NULL CHECK (closed_by IN ('count', 'time')),
    reference_version text,
    verdict           text CHECK (verdict IN ('insufficient', 'ok', 'warn', 'alarm')),
    reasons           text[]      NOT NULL DEFAULT '{}',
    drifted           text[]      NOT NULL DEFAULT '{}',
    report_key        text,
    evaluated_at      timestamptz,
    UNIQUE (kind, version, after_row)
);
CREATE INDEX windows_last_event ON windows (last_event);

CREATE TABLE window_metrics (
    window_id   bigint NOT NULL REFERENCES windows ON DELETE CASCADE,
    metric      text   NOT NULL,
    column_name text   NOT NULL DEFAULT '',
    label       text   NOT NULL DEFAULT '',
    value       double precision NOT NULL
                CHECK (value > '-Infinity' AND value < 'Infinity'),
    method      text,
    threshold   double precision CHECK (threshold > '-Infinity' AND threshold < 'Infinity'),
    failed      boolean,
    PRIMARY KEY (window_id, metric, column_name, label)
);
CREATE INDEX window_metrics_series ON window_metrics (metric, column_name, label, window_id)
    INCLUDE (value, threshold);

-- The reference's own figures by version: the bands the dashboards draw.
CREATE TABLE reference_stats (
    version     text NOT NULL,
    metric      text NOT NULL,
    column_name text NOT NULL DEFAULT '',
    label       text NOT NULL DEFAULT '',
    value       double precision NOT NULL CHECK (value > '-Infinity' AND value < 'Infinity'),
    PRIMARY KEY (version, metric, column_name, label)
);
