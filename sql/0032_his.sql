-- The number under which HIS knows a patient: sealed like a paper's, with a keyed
-- index that finds it again, so that no number stands with two entries.
ALTER TABLE patient ADD COLUMN his_sealed bytea;
ALTER TABLE patient ADD COLUMN his_index bytea;
CREATE UNIQUE INDEX patient_his_uq ON patient (his_index) WHERE his_index IS NOT NULL;

-- Whom a fact is for: HIS (dispensing, as its switch is called) or another
-- destination of the mapping file. Each hears its own facts and has its own state.
ALTER TABLE outbox_fact ADD COLUMN channel varchar(20) NOT NULL DEFAULT 'dispensing';
CREATE INDEX outbox_fact_channel_ix ON outbox_fact (channel, state, next_at) WHERE state IN ('waiting', 'sending', 'unknown', 'failed');
