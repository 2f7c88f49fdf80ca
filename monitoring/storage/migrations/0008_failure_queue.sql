-- What the event source mapping has given up: the failure queue as it was when last looked at.
CREATE TABLE failure_queue (
    only_one  boolean     PRIMARY KEY DEFAULT true CHECK (only_one),
    waiting   integer     NOT NULL CHECK (waiting >= 0),
    hidden    integer     NOT NULL CHECK (hidden >= 0),
    since     timestamptz CHECK (since IS NULL OR waiting + hidden > 0),
    looked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT ON failure_queue TO grafana_ro;
