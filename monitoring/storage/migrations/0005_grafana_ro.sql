-- The role of the dashboards: figures only. It cannot read a single student's row. It gets its
-- password where it is deployed; until then it cannot log in over the network.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'grafana_ro') THEN
        CREATE ROLE grafana_ro LOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
ALTER ROLE grafana_ro SET default_transaction_read_only = on;
ALTER ROLE grafana_ro SET statement_timeout = '10s';

-- Label figures without the rows behind them.
CREATE VIEW label_delays AS
SELECT version, label_number, labelled_at, event_time,
       greatest(0, extract(epoch FROM labelled_at - event_time))::double precision AS delay_seconds,
       source
FROM ground_truth;
CREATE VIEW label_conflict_times AS SELECT reported_at, source FROM label_conflicts;
CREATE VIEW pending_label_times AS SELECT received_at, source FROM pending_labels;
CREATE VIEW deliveries AS
SELECT outbox_id, kind, incident_id, state, attempts, created_at, finished_at, last_error
FROM outbox;

GRANT USAGE ON SCHEMA monitoring TO grafana_ro;
GRANT SELECT ON label_counts, windows, heartbeats, window_metrics, reference_stats, incidents, events, training_outcomes,
    ingest_batches, rejection_counts, consumer_checkpoint, dead_letters, model_versions,
    label_delays, label_conflict_times, pending_label_times, deliveries TO grafana_ro;
