-- One clinic day at one site (or a home-visit round).
CREATE TABLE clinic_session (
  id              BIGSERIAL,
  site_id         bigint        NOT NULL,
  held_on         date          NOT NULL,
  kind            varchar(10)   NOT NULL DEFAULT 'site',
  place           varchar(100)  NOT NULL DEFAULT '',
  state           varchar(20)   NOT NULL DEFAULT 'planned',
  duty_staff_id   bigint,
  last_number     integer       NOT NULL DEFAULT 0,
  planned_by      bigint        NOT NULL,
  planned_at      timestamptz   NOT NULL,
  opened_by       bigint,
  opened_at       timestamptz,
  stopped_by      bigint,
  stopped_at      timestamptz,
  closed_at       timestamptz,
  reason          varchar(200)  NOT NULL DEFAULT '',
  CONSTRAINT clinic_session_pk PRIMARY KEY (id),
  CONSTRAINT clinic_session_site_fk FOREIGN KEY (site_id) REFERENCES site (id),
  CONSTRAINT clinic_session_duty_fk FOREIGN KEY (duty_staff_id) REFERENCES staff (id),
  CONSTRAINT clinic_session_kind_ck CHECK (kind IN ('site', 'home')),
  CONSTRAINT clinic_session_state_ck CHECK (state IN ('planned', 'open', 'closing', 'closed', 'cancelled', 'rescheduled'))
);
CREATE UNIQUE INDEX clinic_session_day_uq ON clinic_session (site_id, held_on)
  WHERE kind = 'site' AND state IN ('planned', 'open', 'closing', 'closed');
CREATE INDEX clinic_session_held_ix ON clinic_session (held_on);

CREATE TABLE session_team (
  session_id  bigint       NOT NULL,
  staff_id    bigint       NOT NULL,
  part        varchar(20)  NOT NULL,
  CONSTRAINT session_team_pk PRIMARY KEY (session_id, staff_id),
  CONSTRAINT session_team_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT session_team_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT session_team_part_ck CHECK (part IN ('doctor', 'pharmacist', 'deputy', 'assistant'))
);
CREATE INDEX session_team_staff_ix ON session_team (staff_id);

-- 就诊. The id is made by the device. A patient is once in a session's queue
-- while open, a doctor has one open visit: both held by an index.
CREATE TABLE visit (
  id               uuid          NOT NULL,
  session_id       bigint        NOT NULL,
  patient_id       bigint        NOT NULL,
  number           integer       NOT NULL,
  state            varchar(20)   NOT NULL,
  doctor_id        bigint,
  came_at          timestamptz   NOT NULL,
  came_by          bigint        NOT NULL,
  started_at       timestamptz,
  finished_at      timestamptz,
  finished_by      bigint,
  collector        varchar(20)   NOT NULL DEFAULT 'self',
  collector_name   varchar(60)   NOT NULL DEFAULT '',
  prescription_no  varchar(60)   NOT NULL DEFAULT '',
  no_drug_reason   varchar(200)  NOT NULL DEFAULT '',
  void_reason      varchar(200)  NOT NULL DEFAULT '',
  CONSTRAINT visit_pk PRIMARY KEY (id),
  CONSTRAINT visit_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT visit_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id),
  CONSTRAINT visit_doctor_fk FOREIGN KEY (doctor_id) REFERENCES staff (id),
  CONSTRAINT visit_number_uq UNIQUE (session_id, number),
  CONSTRAINT visit_state_ck CHECK (state IN ('waiting', 'in_consultation', 'finished', 'void'))
);
CREATE UNIQUE INDEX visit_open_patient_uq ON visit (session_id, patient_id) WHERE state IN ('waiting', 'in_consultation');
CREATE UNIQUE INDEX visit_open_doctor_uq ON visit (session_id, doctor_id) WHERE state = 'in_consultation';
CREATE INDEX visit_patient_ix ON visit (patient_id, came_at);

-- One pack (or a quantity of it) handed out in a visit; undone lines stay.
CREATE TABLE visit_line (
  id         BIGSERIAL,
  visit_id   uuid          NOT NULL,
  pack_id    bigint        NOT NULL,
  quantity   integer       NOT NULL,
  dose       varchar(60)   NOT NULL DEFAULT '',
  days       integer,
  how        varchar(20)   NOT NULL,
  staff_id   bigint        NOT NULL,
  at         timestamptz   NOT NULL,
  undone_at  timestamptz,
  undone_by  bigint,
  CONSTRAINT visit_line_pk PRIMARY KEY (id),
  CONSTRAINT visit_line_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT visit_line_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT visit_line_quantity_ck CHECK (quantity > 0)
);
CREATE UNIQUE INDEX visit_line_active_uq ON visit_line (visit_id, pack_id) WHERE undone_at IS NULL;
CREATE INDEX visit_line_pack_ix ON visit_line (pack_id);

-- 未记录: a code scanned at the table that was not recorded. It stays on the
-- doctor's screen until resolved and is named in the record.
CREATE TABLE visit_refusal (
  id           BIGSERIAL,
  visit_id     uuid          NOT NULL,
  raw          varchar(400)  NOT NULL,
  code         varchar(100)  NOT NULL DEFAULT '',
  answer_kind  varchar(30)   NOT NULL,
  staff_id     bigint        NOT NULL,
  at           timestamptz   NOT NULL,
  resolved_at  timestamptz,
  resolved_by  bigint,
  resolution   varchar(40)   NOT NULL DEFAULT '',
  CONSTRAINT visit_refusal_pk PRIMARY KEY (id),
  CONSTRAINT visit_refusal_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id)
);
CREATE INDEX visit_refusal_visit_ix ON visit_refusal (visit_id, id);

-- Heads of the record chains of a session: main until closing, supplement
-- afterwards.
CREATE TABLE record_chain (
  session_id  bigint       NOT NULL,
  chain       varchar(12)  NOT NULL,
  length      bigint       NOT NULL DEFAULT 0,
  digest      bytea        NOT NULL,
  changed_at  timestamptz  NOT NULL,
  CONSTRAINT record_chain_pk PRIMARY KEY (session_id, chain),
  CONSTRAINT record_chain_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT record_chain_chain_ck CHECK (chain IN ('main', 'supplement'))
);

-- 就诊记录: made by 诊毕, never changed. canonical is stored as it was hashed;
-- the recipe number says how it was composed.
CREATE TABLE record (
  id           BIGSERIAL,
  session_id   bigint       NOT NULL,
  chain        varchar(12)  NOT NULL,
  seq          bigint       NOT NULL,
  recipe       integer      NOT NULL,
  visit_id     uuid         NOT NULL,
  patient_id   bigint       NOT NULL,
  doctor_id    bigint       NOT NULL,
  corrects_id  bigint,
  at           timestamptz  NOT NULL,
  canonical    bytea        NOT NULL,
  prev         bytea        NOT NULL,
  digest       bytea        NOT NULL,
  CONSTRAINT record_pk PRIMARY KEY (id),
  CONSTRAINT record_seq_uq UNIQUE (session_id, chain, seq),
  CONSTRAINT record_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT record_chain_fk FOREIGN KEY (session_id, chain) REFERENCES record_chain (session_id, chain)
);
CREATE INDEX record_visit_ix ON record (visit_id);
CREATE INDEX record_patient_ix ON record (patient_id, at);
CREATE TRIGGER record_append_only BEFORE UPDATE OR DELETE ON record FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER record_no_truncate BEFORE TRUNCATE ON record FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
