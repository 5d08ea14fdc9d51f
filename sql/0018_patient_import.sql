-- A file of patients between its upload and its import. The rows are sealed: they
-- hold ID numbers and telephone numbers. A draft is its owner's, lasts a day and
-- is removed after that; what was imported leaves only its counts.
CREATE TABLE patient_import (
  id           uuid          NOT NULL,
  staff_id     bigint        NOT NULL,
  uploaded_at  timestamptz   NOT NULL,
  grid_sealed  bytea,
  choices      text          NOT NULL DEFAULT '',
  state        varchar(10)   NOT NULL DEFAULT 'draft',
  done_at      timestamptz,
  created      integer       NOT NULL DEFAULT 0,
  updated      integer       NOT NULL DEFAULT 0,
  unchanged    integer       NOT NULL DEFAULT 0,
  left_out     integer       NOT NULL DEFAULT 0,
  CONSTRAINT patient_import_pk PRIMARY KEY (id),
  CONSTRAINT patient_import_state_ck CHECK (state IN ('draft', 'done'))
);
CREATE INDEX patient_import_staff_ix ON patient_import (staff_id, uploaded_at);

-- What was changed in a patient's entry: which field, before and after, by whom
-- and when. Both values are sealed, whatever the field.
CREATE TABLE patient_change (
  id             BIGSERIAL,
  patient_id     bigint        NOT NULL,
  field          varchar(20)   NOT NULL,
  before_sealed  bytea,
  after_sealed   bytea,
  source         varchar(20)   NOT NULL,
  staff_id       bigint,
  at             timestamptz   NOT NULL,
  CONSTRAINT patient_change_pk PRIMARY KEY (id),
  CONSTRAINT patient_change_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id)
);
CREATE INDEX patient_change_patient_ix ON patient_change (patient_id, id);
CREATE TRIGGER patient_change_append_only BEFORE UPDATE OR DELETE ON patient_change FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER patient_change_no_truncate BEFORE TRUNCATE ON patient_change FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
