-- Recalls, the boxes they froze, their patients and who was reached.

-- 召回: by drug, by drug and batch, or by a list of codes. It is in force from
-- its commit until lifted_at; lifting is asked for by one person and confirmed
-- by another.
CREATE TABLE recall (
  id           BIGSERIAL,
  class        varchar(10)   NOT NULL,
  scope        varchar(10)   NOT NULL,
  drug_id      bigint,
  batch        varchar(60)   NOT NULL DEFAULT '',
  reason       varchar(200)  NOT NULL,
  source_no    varchar(60)   NOT NULL,
  started_by   bigint        NOT NULL,
  started_at   timestamptz   NOT NULL,
  due_at       timestamptz   NOT NULL,
  lift_reason  varchar(200)  NOT NULL DEFAULT '',
  asked_by     bigint,
  asked_at     timestamptz,
  lifted_by    bigint,
  lifted_at    timestamptz,
  CONSTRAINT recall_pk PRIMARY KEY (id),
  CONSTRAINT recall_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT recall_started_fk FOREIGN KEY (started_by) REFERENCES staff (id),
  CONSTRAINT recall_class_ck CHECK (class IN ('一级', '二级', '三级')),
  CONSTRAINT recall_scope_ck CHECK (scope IN ('drug', 'batch', 'codes')),
  CONSTRAINT recall_two_ck CHECK (lifted_by IS NULL OR lifted_by <> asked_by)
);
CREATE INDEX recall_open_ix ON recall (drug_id) WHERE lifted_at IS NULL;

-- The codes of a recall by list, those of boxes that never came here too: one
-- that arrives later is frozen on receipt.
CREATE TABLE recall_code (
  recall_id  bigint        NOT NULL,
  code       varchar(100)  NOT NULL,
  CONSTRAINT recall_code_pk PRIMARY KEY (recall_id, code),
  CONSTRAINT recall_code_recall_fk FOREIGN KEY (recall_id) REFERENCES recall (id)
);
CREATE INDEX recall_code_code_ix ON recall_code (code);
CREATE TRIGGER recall_code_append_only BEFORE UPDATE OR DELETE ON recall_code FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER recall_code_no_truncate BEFORE TRUNCATE ON recall_code FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- The boxes that a recall has set apart, with the moment of the movement: lifting
-- releases these and nothing that was set apart for another reason.
CREATE TABLE recall_pack (
  recall_id  bigint       NOT NULL,
  pack_id    bigint       NOT NULL,
  at         timestamptz  NOT NULL,
  CONSTRAINT recall_pack_pk PRIMARY KEY (recall_id, pack_id, at),
  CONSTRAINT recall_pack_recall_fk FOREIGN KEY (recall_id) REFERENCES recall (id),
  CONSTRAINT recall_pack_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id)
);
CREATE INDEX recall_pack_pack_ix ON recall_pack (pack_id);
CREATE TRIGGER recall_pack_append_only BEFORE UPDATE OR DELETE ON recall_pack FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER recall_pack_no_truncate BEFORE TRUNCATE ON recall_pack FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- What came of telephoning a recall's patient; the last row counts, all are kept.
CREATE TABLE recall_contact (
  id          BIGSERIAL,
  recall_id   bigint        NOT NULL,
  patient_id  bigint        NOT NULL,
  state       varchar(20)   NOT NULL,
  note        varchar(200)  NOT NULL DEFAULT '',
  staff_id    bigint        NOT NULL,
  at          timestamptz   NOT NULL,
  CONSTRAINT recall_contact_pk PRIMARY KEY (id),
  CONSTRAINT recall_contact_recall_fk FOREIGN KEY (recall_id) REFERENCES recall (id),
  CONSTRAINT recall_contact_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id),
  CONSTRAINT recall_contact_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT recall_contact_state_ck CHECK (state IN ('not_yet', 'unreached', 'told', 'handed_back', 'refused', 'needless'))
);
CREATE INDEX recall_contact_recall_ix ON recall_contact (recall_id, patient_id, id);
CREATE TRIGGER recall_contact_append_only BEFORE UPDATE OR DELETE ON recall_contact FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER recall_contact_no_truncate BEFORE TRUNCATE ON recall_contact FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
