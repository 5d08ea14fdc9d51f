-- The whole clinic day: roster, requests at the table, owed medicine, closing.

-- Who is expected at a session: the site's patients when it is planned, and
-- whoever is added by hand.
CREATE TABLE session_roster (
  session_id  bigint       NOT NULL,
  patient_id  bigint       NOT NULL,
  source      varchar(10)  NOT NULL,
  added_by    bigint,
  added_at    timestamptz  NOT NULL,
  CONSTRAINT session_roster_pk PRIMARY KEY (session_id, patient_id),
  CONSTRAINT session_roster_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT session_roster_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id),
  CONSTRAINT session_roster_source_ck CHECK (source IN ('site', 'added'))
);
CREATE INDEX session_roster_patient_ix ON session_roster (patient_id);

-- A session that was moved (typhoon) names the one that takes its place. While
-- a carrier is named the left-overs are on the way home and still the session's.
ALTER TABLE clinic_session ADD COLUMN moved_to_id bigint;
ALTER TABLE clinic_session ADD COLUMN cancelled_at timestamptz;
ALTER TABLE clinic_session ADD COLUMN carrier_id bigint;
ALTER TABLE clinic_session ADD COLUMN carrier_at timestamptz;
ALTER TABLE clinic_session ADD CONSTRAINT clinic_session_moved_fk FOREIGN KEY (moved_to_id) REFERENCES clinic_session (id);
ALTER TABLE clinic_session ADD CONSTRAINT clinic_session_carrier_fk FOREIGN KEY (carrier_id) REFERENCES staff (id);

-- next_due_on: the next pick-up day. ended_for: why somebody else pressed 诊毕
-- for an absent doctor, who countersigns at the next login.
ALTER TABLE visit ADD COLUMN called_at timestamptz;
ALTER TABLE visit ADD COLUMN next_due_on date;
ALTER TABLE visit ADD COLUMN ended_for varchar(200) NOT NULL DEFAULT '';
ALTER TABLE visit ADD COLUMN countersigned_at timestamptz;
CREATE INDEX visit_countersign_ix ON visit (doctor_id) WHERE ended_for <> '' AND countersigned_at IS NULL;

-- What the doctor read when the code was not recorded, to be read again.
ALTER TABLE visit_refusal ADD COLUMN sentence varchar(300) NOT NULL DEFAULT '';

-- A pack that was scanned at the table without having been packed or received:
-- the duty holder lets it in or refuses it, live.
CREATE TABLE let_in_request (
  id           uuid          NOT NULL,
  session_id   bigint        NOT NULL,
  visit_id     uuid          NOT NULL,
  code         varchar(100)  NOT NULL,
  drug         varchar(200)  NOT NULL DEFAULT '',
  answer_kind  varchar(30)   NOT NULL,
  asked_by     bigint        NOT NULL,
  asked_at     timestamptz   NOT NULL,
  decision     varchar(10)   NOT NULL DEFAULT '',
  decided_by   bigint,
  decided_at   timestamptz,
  reason       varchar(200)  NOT NULL DEFAULT '',
  CONSTRAINT let_in_request_pk PRIMARY KEY (id),
  CONSTRAINT let_in_request_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT let_in_request_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT let_in_request_decision_ck CHECK (decision IN ('', 'let_in', 'refused', 'withdrawn'))
);
CREATE UNIQUE INDEX let_in_request_open_uq ON let_in_request (visit_id, code) WHERE decision = '';
CREATE INDEX let_in_request_session_ix ON let_in_request (session_id, asked_at);

-- 欠药: what a visit should have been given and was not there.
CREATE TABLE owed_medicine (
  id                BIGSERIAL,
  session_id        bigint        NOT NULL,
  visit_id          uuid          NOT NULL,
  patient_id        bigint        NOT NULL,
  drug_id           bigint        NOT NULL,
  packs             integer       NOT NULL,
  note              varchar(200)  NOT NULL DEFAULT '',
  noted_by          bigint        NOT NULL,
  noted_at          timestamptz   NOT NULL,
  settled_visit_id  uuid,
  settled_at        timestamptz,
  CONSTRAINT owed_medicine_pk PRIMARY KEY (id),
  CONSTRAINT owed_medicine_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT owed_medicine_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id),
  CONSTRAINT owed_medicine_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT owed_medicine_packs_ck CHECK (packs > 0)
);
CREATE INDEX owed_medicine_patient_ix ON owed_medicine (patient_id) WHERE settled_at IS NULL;
CREATE INDEX owed_medicine_visit_ix ON owed_medicine (visit_id);
CREATE INDEX owed_medicine_session_ix ON owed_medicine (session_id);

-- Closing by number: what was counted per drug, in full packs and loose units.
CREATE TABLE closing_count (
  session_id   bigint       NOT NULL,
  drug_id      bigint       NOT NULL,
  packs        integer      NOT NULL,
  loose_units  integer      NOT NULL DEFAULT 0,
  counted_by   bigint       NOT NULL,
  counted_at   timestamptz  NOT NULL,
  CONSTRAINT closing_count_pk PRIMARY KEY (session_id, drug_id),
  CONSTRAINT closing_count_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT closing_count_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT closing_count_packs_ck CHECK (packs >= 0 AND loose_units >= 0)
);

-- Packs that were scanned while closing, on the lines that differ.
CREATE TABLE closing_seen (
  session_id  bigint       NOT NULL,
  pack_id     bigint       NOT NULL,
  how         varchar(20)  NOT NULL,
  seen_by     bigint       NOT NULL,
  seen_at     timestamptz  NOT NULL,
  CONSTRAINT closing_seen_pk PRIMARY KEY (session_id, pack_id),
  CONSTRAINT closing_seen_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id)
);

-- The exit of a missing code. A loss counts once a second person confirms it.
CREATE TABLE closing_exit (
  id          BIGSERIAL,
  session_id  bigint        NOT NULL,
  pack_id     bigint        NOT NULL,
  exit_kind   varchar(10)   NOT NULL,
  visit_id    uuid,
  reason      varchar(200)  NOT NULL DEFAULT '',
  by_id       bigint        NOT NULL,
  at          timestamptz   NOT NULL,
  second_id   bigint,
  second_at   timestamptz,
  CONSTRAINT closing_exit_pk PRIMARY KEY (id),
  CONSTRAINT closing_exit_pack_uq UNIQUE (session_id, pack_id),
  CONSTRAINT closing_exit_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT closing_exit_kind_ck CHECK (exit_kind IN ('given', 'found', 'damaged', 'lost'))
);

-- Who confirmed the closing: two different people.
CREATE TABLE closing_confirm (
  session_id  bigint       NOT NULL,
  staff_id    bigint       NOT NULL,
  part        varchar(20)  NOT NULL,
  at          timestamptz  NOT NULL,
  CONSTRAINT closing_confirm_pk PRIMARY KEY (session_id, staff_id),
  CONSTRAINT closing_confirm_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id)
);

-- A doctor's yes to a record that somebody else wrote in the doctor's name.
CREATE TABLE record_countersign (
  record_id  bigint       NOT NULL,
  staff_id   bigint       NOT NULL,
  at         timestamptz  NOT NULL,
  CONSTRAINT record_countersign_pk PRIMARY KEY (record_id, staff_id),
  CONSTRAINT record_countersign_record_fk FOREIGN KEY (record_id) REFERENCES record (id)
);
CREATE TRIGGER record_countersign_append_only BEFORE UPDATE OR DELETE ON record_countersign FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER record_countersign_no_truncate BEFORE TRUNCATE ON record_countersign FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
