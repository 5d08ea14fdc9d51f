-- What patients bring back, damage, loss, destruction, sending back.

-- 处置单: a loss, a destruction or a sending back to the central store. One
-- person proposes it with the very packs; it counts when a second person
-- confirms it. It is then a paper that both have signed.
CREATE TABLE disposal (
  id           BIGSERIAL,
  number       varchar(40)   NOT NULL,
  act          varchar(20)   NOT NULL,
  state        varchar(20)   NOT NULL DEFAULT 'proposed',
  reason       varchar(200)  NOT NULL,
  method       varchar(100)  NOT NULL DEFAULT '',
  place        varchar(100)  NOT NULL DEFAULT '',
  witness      varchar(100)  NOT NULL DEFAULT '',
  packs        integer       NOT NULL,
  proposed_by  bigint        NOT NULL,
  proposed_at  timestamptz   NOT NULL,
  decided_by   bigint,
  decided_at   timestamptz,
  remark       varchar(200)  NOT NULL DEFAULT '',
  CONSTRAINT disposal_pk PRIMARY KEY (id),
  CONSTRAINT disposal_number_uq UNIQUE (number),
  CONSTRAINT disposal_act_ck CHECK (act IN ('lose', 'destroy', 'send_back')),
  CONSTRAINT disposal_state_ck CHECK (state IN ('proposed', 'done', 'withdrawn', 'expired')),
  CONSTRAINT disposal_two_ck CHECK (state <> 'done' OR (decided_by IS NOT NULL AND decided_by <> proposed_by))
);
CREATE INDEX disposal_state_ix ON disposal (state, proposed_at);

-- The packs of a paper, in the state and with the units they were proposed in.
-- A pack stands on one waiting paper at most; outcome says what came of it.
CREATE TABLE disposal_pack (
  disposal_id  bigint       NOT NULL,
  pack_id      bigint       NOT NULL,
  from_state   varchar(20)  NOT NULL,
  units        integer      NOT NULL,
  waiting      boolean      NOT NULL DEFAULT true,
  outcome      varchar(10)  NOT NULL DEFAULT '',
  CONSTRAINT disposal_pack_pk PRIMARY KEY (disposal_id, pack_id),
  CONSTRAINT disposal_pack_disposal_fk FOREIGN KEY (disposal_id) REFERENCES disposal (id),
  CONSTRAINT disposal_pack_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT disposal_pack_outcome_ck CHECK (outcome IN ('', 'done', 'left_out'))
);
CREATE UNIQUE INDEX disposal_pack_waiting_uq ON disposal_pack (pack_id) WHERE waiting;
CREATE INDEX disposal_pack_pack_ix ON disposal_pack (pack_id);

-- What is set apart is few beside what was given out; its lists read only it.
CREATE INDEX pack_aside_ix ON pack (state, changed_at) WHERE state IN ('quarantined', 'damaged', 'lost');

-- What a patient brought back, box by box: at a table (visit_id) or in the
-- pharmacy. An empty box is a tick beside what was given (given_visit_id); what
-- has content is a movement of its pack as well. note is why the pharmacist
-- should look at it: it never holds up the patient.
CREATE TABLE patient_return (
  id              BIGSERIAL,
  patient_id      bigint,
  visit_id        uuid,
  pack_id         bigint,
  given_visit_id  uuid,
  code            varchar(100)  NOT NULL DEFAULT '',
  form            varchar(10)   NOT NULL,
  units           integer       NOT NULL DEFAULT 0,
  note            varchar(20)   NOT NULL DEFAULT '',
  taken_by        bigint        NOT NULL,
  taken_at        timestamptz   NOT NULL,
  void_by         bigint,
  void_at         timestamptz,
  seen_by         bigint,
  seen_at         timestamptz,
  CONSTRAINT patient_return_pk PRIMARY KEY (id),
  CONSTRAINT patient_return_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id),
  CONSTRAINT patient_return_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT patient_return_given_fk FOREIGN KEY (given_visit_id) REFERENCES visit (id),
  CONSTRAINT patient_return_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT patient_return_form_ck CHECK (form IN ('full', 'opened', 'empty')),
  CONSTRAINT patient_return_units_ck CHECK (units >= 0)
);
CREATE INDEX patient_return_visit_ix ON patient_return (visit_id) WHERE visit_id IS NOT NULL;
CREATE INDEX patient_return_patient_ix ON patient_return (patient_id, taken_at);
CREATE INDEX patient_return_pack_ix ON patient_return (pack_id) WHERE pack_id IS NOT NULL;
CREATE INDEX patient_return_note_ix ON patient_return (id) WHERE note <> '' AND seen_at IS NULL;
CREATE INDEX patient_return_taken_ix ON patient_return (taken_at);
