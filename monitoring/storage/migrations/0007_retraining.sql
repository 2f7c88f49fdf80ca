-- A retraining whose model gives the champion's own answers is a result of its own.
ALTER TABLE training_outcomes DROP CONSTRAINT training_outcomes_outcome_check;
ALTER TABLE training_outcomes ADD CONSTRAINT training_outcomes_outcome_check
    CHECK (outcome IN ('promoted', 'refused', 'unchanged', 'failed'));

-- A student's rows must all fall on one side of training's split, so retraining must see which rows
-- are one student's. A digest says that much; no secret is meant to hide behind it.
CREATE OR REPLACE VIEW labelled_predictions AS
SELECT p.prediction_id, p.event_time, p.version,
       p."ParentalEducation", p."StudyTimeWeekly", p."Absences", p."Tutoring", p."ParentalSupport",
       p."Extracurricular", p."Sports", p."Music", p."Volunteering",
       g.grade_class AS "GradeClass", g.gpa::double precision AS "GPA",
       p.grade_class AS predicted_grade_class, g.labelled_at,
       encode(sha256(convert_to(p.student_id, 'UTF8')), 'hex') AS student
FROM ground_truth g
JOIN predictions p ON p.prediction_id = g.prediction_id AND p.event_time = g.event_time;
