-- A stream that was deleted and made anew has the name and the shard ids of the earlier one, and
-- none of its records. Its time of creation tells them apart. What was noted before this step is
-- of a stream of unknown creation: it is read once more, and each record is stored once.
ALTER TABLE consumer_checkpoint
    ADD COLUMN stream_created timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN from_start boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT consumer_checkpoint_pkey,
    ADD PRIMARY KEY (stream, stream_created, shard_id);
ALTER TABLE consumer_checkpoint ALTER COLUMN stream_created DROP DEFAULT;
