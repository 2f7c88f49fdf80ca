-- A retraining whose model gives the champion's own answers is a result of its own.
ALTER TABLE training_outcomes DROP CONSTRAINT training_outcomes_outcome_check;
ALTER TABLE training_outcomes ADD CONSTRAINT training_outcomes_outcome_check
    CHECK (outcome IN ('promoted', 'refused', 'unchanged', 'failed'));
