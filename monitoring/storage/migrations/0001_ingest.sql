-- What the consumer of the predictions stream writes. Rows are numbered by one sequence in commit
-- order (writers hold a transaction lock), so "the rows after number n" is a stable question.
CREATE SEQUENCE ingest_row;

CREATE TABLE predictions (
    prediction_id         uuid        NOT NULL,
    event_time            timestamptz NOT NULL,
    predicted_at          timestamptz NOT NULL,
    ingested_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    row_number            bigint      NOT NULL DEFAULT nextval('ingest_row'),
    student_id            text        NOT NULL,
    version               text        NOT NULL,
    grade_class           smallint    NOT NULL CHECK (grade_class BETWEEN 0 AND 4),
    gpa                   real        NOT NULL CHECK (gpa BETWEEN -1000 AND 1000),
    p_a                   real        NOT NULL CHECK (p_a BETWEEN 0 AND 1),
    p_b                   real        NOT NULL CHECK (p_b BETWEEN 0 AND 1),
    p_c                   real        NOT NULL CHECK (p_c BETWEEN 0 AND 1),
    p_d                   real        NOT NULL CHECK (p_d BETWEEN 0 AND 1),
    p_f                   real        NOT NULL CHECK (p_f BETWEEN 0 AND 1),
    "ParentalEducation"   smallint    NOT NULL,
    "StudyTimeWeekly"     real        NOT NULL CHECK ("StudyTimeWeekly" BETWEEN 0 AND 168),
    "Absences"            smallint    NOT NULL,
    "Tutoring"            smallint    NOT NULL,
    "ParentalSupport"     smallint    NOT NULL,
    "Extracurricular"     smallint    NOT NULL,
    "Sports"              smallint    NOT NULL,
    "Music"               smallint    NOT NULL,
    "Volunteering"        smallint    NOT NULL,
    PRIMARY KEY (prediction_id, event_time)
) PARTITION BY RANGE (event_time);
CREATE INDEX predictions_version_row ON predictions (version, row_number);
CREATE INDEX predictions_student ON predictions (student_id, event_time);

CREATE TABLE rejections (
    prediction_id uuid        NOT NULL,
    event_time    timestamptz NOT NULL,
    predicted_at  timestamptz NOT NULL,
    ingested_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    row_number    bigint      NOT NULL DEFAULT nextval('ingest_row'),
    version       text        NOT NULL,
    codes         text[]      NOT NULL,
    fields        text[]      NOT NULL,
    PRIMARY KEY (prediction_id, event_time)
) PARTITION BY RANGE (event_time);
CREATE INDEX rejections_version_row ON rejections (version, row_number);

CREATE TABLE consumer_checkpoint (
    stream          text        NOT NULL,
    shard_id        text        NOT NULL,
    sequence_number text,
    parents         text[]      NOT NULL DEFAULT '{}',
    finished        boolean     NOT NULL DEFAULT false,
    millis_behind   bigint,
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream, shard_id)
);

-- One row a committed batch: the source of throughput and lag on the dashboards.
CREATE TABLE ingest_batches (
    batch_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    committed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    stream         text        NOT NULL,
    shard_id       text        NOT NULL,
    records        integer     NOT NULL,
    inserted       integer     NOT NULL,
    rejected       integer     NOT NULL,
    duplicates     integer     NOT NULL,
    dead           integer     NOT NULL,
    lag_p50        double precision CHECK (lag_p50 >= 0 AND lag_p50 < 'Infinity'),
    lag_p95        double precision CHECK (lag_p95 >= 0 AND lag_p95 < 'Infinity'),
    millis_behind  bigint
);
CREATE INDEX ingest_batches_time ON ingest_batches (committed_at);

CREATE TABLE rejection_counts (
    minute  timestamptz NOT NULL,
    version text        NOT NULL,
    code    text        NOT NULL,
    field   text        NOT NULL,
    count   bigint      NOT NULL,
    PRIMARY KEY (minute, version, code, field)
);

-- A record that could not be read: where it is and why, never what it holds (it could be anything).
CREATE TABLE dead_letters (
    stream          text        NOT NULL,
    shard_id        text        NOT NULL,
    sequence_number text        NOT NULL,
    position        integer     NOT NULL DEFAULT 0,
    code            text        NOT NULL,
    reason          text        NOT NULL,
    size            integer     NOT NULL,
    sha256          text        NOT NULL,
    received_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream, shard_id, sequence_number, position)
);
CREATE INDEX dead_letters_time ON dead_letters (received_at);

CREATE TABLE model_versions (
    version        text PRIMARY KEY,
    first_seen     timestamptz NOT NULL DEFAULT clock_timestamp(),
    first_event    timestamptz NOT NULL
);

-- Monthly partitions of the two large tables. Several workers may ask for the same month at once.
CREATE FUNCTION ensure_partitions(since timestamptz, until timestamptz) RETURNS integer
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    month timestamp := date_trunc('month', since AT TIME ZONE 'UTC');
    parent text;
    child text;
    made integer := 0;
BEGIN
    WHILE month <= until AT TIME ZONE 'UTC' LOOP
        FOREACH parent IN ARRAY ARRAY['predictions', 'rejections'] LOOP
            child := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
            IF to_regclass(child) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', child, parent,
                    to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
                    to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
                made := made + 1;
            END IF;
        END LOOP;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
