-- Ground truth, late and in any order. label_number grows in commit order, like row_number.
CREATE SEQUENCE label_row;

CREATE TABLE ground_truth (
    prediction_id uuid        PRIMARY KEY,
    event_time    timestamptz NOT NULL,
    version       text        NOT NULL,
    grade_class   smallint    NOT NULL CHECK (grade_class BETWEEN 0 AND 4),
    gpa           real        CHECK (gpa BETWEEN 0 AND 4),
    labelled_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    label_number  bigint      NOT NULL DEFAULT nextval('label_row'),
    source        text        NOT NULL
);
CREATE INDEX ground_truth_version ON ground_truth (version, label_number);
CREATE INDEX ground_truth_event_time ON ground_truth (event_time);

-- How many labels came when and from where: a million rows are too many to count for a panel.
CREATE TABLE label_counts (
    minute timestamptz NOT NULL,
    source text        NOT NULL,
    count  bigint      NOT NULL,
    PRIMARY KEY (minute, source)
);

-- A second, different label for a prediction: the first stays, the operator decides.
CREATE TABLE label_conflicts (
    prediction_id   uuid        NOT NULL,
    kept_class      smallint    NOT NULL,
    kept_gpa        real,
    offered_class   smallint    NOT NULL,
    offered_gpa     real,
    source          text        NOT NULL,
    reported_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX label_conflicts_once
    ON label_conflicts (prediction_id, offered_class, coalesce(offered_gpa, -1));

-- Labels whose prediction is not here (yet): tried again on every tick until they are too old.
CREATE TABLE pending_labels (
    label_key     text        PRIMARY KEY,
    prediction_id uuid,
    student_id    text,
    known_at      timestamptz,
    grade_class   smallint    NOT NULL,
    gpa           real,
    source        text        NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (prediction_id IS NOT NULL OR (student_id IS NOT NULL AND known_at IS NOT NULL))
);

-- What retraining reads: features, the given answer and the true one; no student's identity.
CREATE VIEW labelled_predictions AS
SELECT p.prediction_id, p.event_time, p.version,
       p."ParentalEducation", p."StudyTimeWeekly", p."Absences", p."Tutoring", p."ParentalSupport",
       p."Extracurricular", p."Sports", p."Music", p."Volunteering",
       g.grade_class AS "GradeClass", g.gpa::double precision AS "GPA",
       p.grade_class AS predicted_grade_class, g.labelled_at
FROM ground_truth g
JOIN predictions p ON p.prediction_id = g.prediction_id AND p.event_time = g.event_time;
