-- Reminders of the table and next dates.

-- What the table reminds of per drug: a long-acting injection holds for
-- depot_days, a check (血常规, 血锂浓度) is due every check_days. Null: nothing.
CREATE TABLE drug_care (
  drug_id     bigint        NOT NULL,
  depot_days  integer,
  check_name  varchar(20)   NOT NULL DEFAULT '',
  check_days  integer,
  changed_by  bigint        NOT NULL,
  changed_at  timestamptz   NOT NULL,
  CONSTRAINT drug_care_pk PRIMARY KEY (drug_id),
  CONSTRAINT drug_care_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT drug_care_depot_ck CHECK (depot_days BETWEEN 1 AND 366),
  CONSTRAINT drug_care_check_ck CHECK (check_days BETWEEN 1 AND 366)
);

-- Why a patient was given a drug before the last supply was used up. left_days is
-- what was left of it then, null where the days had not been said.
CREATE TABLE early_refill (
  visit_id   uuid         NOT NULL,
  drug_id    bigint       NOT NULL,
  reason     varchar(20)  NOT NULL,
  left_days  integer,
  staff_id   bigint       NOT NULL,
  at         timestamptz  NOT NULL,
  CONSTRAINT early_refill_pk PRIMARY KEY (visit_id, drug_id),
  CONSTRAINT early_refill_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT early_refill_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id)
);

-- A long-acting injection: given here (by whom) or taken away, and when the next
-- one is due.
CREATE TABLE injection (
  visit_id    uuid          NOT NULL,
  drug_id     bigint        NOT NULL,
  patient_id  bigint        NOT NULL,
  place       varchar(10)   NOT NULL,
  given_by    varchar(60)   NOT NULL DEFAULT '',
  given_on    date          NOT NULL,
  next_on     date          NOT NULL,
  staff_id    bigint        NOT NULL,
  at          timestamptz   NOT NULL,
  CONSTRAINT injection_pk PRIMARY KEY (visit_id, drug_id),
  CONSTRAINT injection_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT injection_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT injection_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id),
  CONSTRAINT injection_place_ck CHECK (place IN ('here', 'taken'))
);
CREATE INDEX injection_patient_ix ON injection (patient_id, drug_id, given_on);

-- A check that a medicine asks for, with the day it was done. The row entered last
-- counts: a wrong day is put right by entering it again.
CREATE TABLE patient_check (
  id          BIGSERIAL,
  patient_id  bigint        NOT NULL,
  check_name  varchar(20)   NOT NULL,
  done_on     date          NOT NULL,
  visit_id    uuid,
  staff_id    bigint        NOT NULL,
  at          timestamptz   NOT NULL,
  CONSTRAINT patient_check_pk PRIMARY KEY (id),
  CONSTRAINT patient_check_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id),
  CONSTRAINT patient_check_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id)
);
CREATE INDEX patient_check_patient_ix ON patient_check (patient_id, check_name, id);
CREATE TRIGGER patient_check_append_only BEFORE UPDATE OR DELETE ON patient_check FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER patient_check_no_truncate BEFORE TRUNCATE ON patient_check FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
