-- What training may read: features, given and true answers, and whose they are; no table. Mage's own
-- role is its member where it is deployed (infrastructure/modules/training/prepare.py).
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'training_ro') THEN
        CREATE ROLE training_ro;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA monitoring TO training_ro;
GRANT SELECT ON labelled_predictions TO training_ro;
