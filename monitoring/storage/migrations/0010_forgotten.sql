-- What must not be stored any more: keyed hashes of students and of their predictions, until the
-- streams cannot hold a record of theirs. The key is made for these rows and goes with the last one.
CREATE TABLE forgotten (
    digest text        PRIMARY KEY,
    key    bytea       NOT NULL,
    until  timestamptz NOT NULL
);

-- The proof that a student was forgotten; his name is a keyed hash whose key is not in here.
CREATE TABLE forget_receipts (
    student     text        NOT NULL,
    begun_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    clear_at    timestamptz NOT NULL,
    found       jsonb       NOT NULL,
    PRIMARY KEY (student, begun_at)
);

-- Training needs to know whose a row is: the data sets hold his pseudonym, by which he is found.
CREATE OR REPLACE VIEW labelled_predictions AS
SELECT p.prediction_id, p.event_time, p.version,
       p."ParentalEducation", p."StudyTimeWeekly", p."Absences", p."Tutoring", p."ParentalSupport",
       p."Extracurricular", p."Sports", p."Music", p."Volunteering",
       g.grade_class AS "GradeClass", g.gpa::double precision AS "GPA",
       p.grade_class AS predicted_grade_class, g.labelled_at, p.student_id
FROM ground_truth g
JOIN predictions p ON p.prediction_id = g.prediction_id AND p.event_time = g.event_time;
