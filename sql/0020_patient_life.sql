-- What happens to an entry of the registry over the years. version counts its
-- changes, so that of two people who change it at once the second is told. A merged
-- entry names the older one that goes on; the younger always goes into the older,
-- so that these references never run in a circle. The risk level (危险性) is sealed.
ALTER TABLE patient ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE patient ADD COLUMN merged_into_id bigint;
ALTER TABLE patient ADD COLUMN risk_sealed bytea;
ALTER TABLE patient ADD CONSTRAINT patient_merged_into_fk FOREIGN KEY (merged_into_id) REFERENCES patient (id);
ALTER TABLE patient ADD CONSTRAINT patient_merged_into_ck CHECK (merged_into_id < id);
CREATE INDEX patient_merged_into_ix ON patient (merged_into_id) WHERE merged_into_id IS NOT NULL;

-- 代领人: who may collect for a patient.
CREATE TABLE patient_collector (
  id            BIGSERIAL,
  patient_id    bigint        NOT NULL,
  name          varchar(60)   NOT NULL,
  relation      varchar(20)   NOT NULL,
  phone_sealed  bytea,
  added_at      timestamptz   NOT NULL,
  added_by      bigint,
  removed_at    timestamptz,
  removed_by    bigint,
  CONSTRAINT patient_collector_pk PRIMARY KEY (id),
  CONSTRAINT patient_collector_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id)
);
CREATE INDEX patient_collector_patient_ix ON patient_collector (patient_id);

-- Two entries that were found to be one person; what was undone the same day stays
-- to be read.
CREATE TABLE patient_merge (
  id         BIGSERIAL,
  from_id    bigint        NOT NULL,
  into_id    bigint        NOT NULL,
  reason     varchar(200)  NOT NULL,
  was_state  varchar(20)   NOT NULL,
  at         timestamptz   NOT NULL,
  merged_by  bigint        NOT NULL,
  undone_at  timestamptz,
  undone_by  bigint,
  CONSTRAINT patient_merge_pk PRIMARY KEY (id),
  CONSTRAINT patient_merge_from_fk FOREIGN KEY (from_id) REFERENCES patient (id),
  CONSTRAINT patient_merge_into_fk FOREIGN KEY (into_id) REFERENCES patient (id)
);
CREATE INDEX patient_merge_from_ix ON patient_merge (from_id);
CREATE INDEX patient_merge_into_ix ON patient_merge (into_id);
