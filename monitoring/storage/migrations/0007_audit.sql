-- Whether Evidently, which follows the verdict, came to the same figures: NULL while a window waits.
-- The windows so far were judged by Evidently itself.
ALTER TABLE windows ADD COLUMN audit text
    CHECK (audit IN ('agrees', 'differs', 'skipped', 'failed'));
UPDATE windows SET audit = 'agrees' WHERE verdict IS NOT NULL;
CREATE INDEX windows_waiting ON windows (window_id) WHERE audit IS NULL;
