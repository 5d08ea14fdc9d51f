-- Documents that change, boxes without a document, unknown prefixes that wait.

-- A red document names the one it cancels; an earlier revision the one that
-- holds instead. Of one document only one revision holds.
ALTER TABLE receipt ADD COLUMN cancels varchar(60) NOT NULL DEFAULT '';
ALTER TABLE receipt ADD COLUMN replaced_by bigint;
CREATE UNIQUE INDEX receipt_current_uq ON receipt (source, number) WHERE state <> 'superseded';
CREATE INDEX receipt_cancels_ix ON receipt (source, cancels) WHERE cancels <> '';

-- cancelled is how many of the packs red documents took away before they came.
-- Batch and expiry of a line are those of the document, or where it has none
-- those that typed_by read off the boxes.
ALTER TABLE receipt_line ADD COLUMN cancelled integer NOT NULL DEFAULT 0;
ALTER TABLE receipt_line ADD COLUMN typed_by bigint;
ALTER TABLE receipt_line ADD COLUMN typed_at timestamptz;
ALTER TABLE receipt_line ADD CONSTRAINT receipt_line_cancelled_ck CHECK (cancelled >= 0 AND cancelled <= packs);

-- batch_read: the box's own code carries its batch or expiry, and goes before
-- what a document says.
ALTER TABLE pack ADD COLUMN batch_read boolean NOT NULL DEFAULT false;
CREATE INDEX pack_no_receipt_ix ON pack (drug_id) WHERE receipt_line_id IS NULL;

-- Boxes that are here although their document does not want them any more: a red
-- document or a later revision (document_id) came after them. Without a pack it is a number
-- of boxes of the line, whichever they are. Nothing is updated: a box that was
-- sent back says so itself.
CREATE TABLE receipt_surplus (
  id           BIGSERIAL,
  receipt_id   bigint       NOT NULL,
  line_id      bigint       NOT NULL,
  document_id  bigint       NOT NULL,
  cause        varchar(20)  NOT NULL,
  pack_id      bigint,
  packs        integer      NOT NULL DEFAULT 1,
  at           timestamptz  NOT NULL,
  CONSTRAINT receipt_surplus_pk PRIMARY KEY (id),
  CONSTRAINT receipt_surplus_receipt_fk FOREIGN KEY (receipt_id) REFERENCES receipt (id),
  CONSTRAINT receipt_surplus_line_fk FOREIGN KEY (line_id) REFERENCES receipt_line (id),
  CONSTRAINT receipt_surplus_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT receipt_surplus_cause_ck CHECK (cause IN ('red', 'revision')),
  CONSTRAINT receipt_surplus_packs_ck CHECK (packs > 0)
);
CREATE INDEX receipt_surplus_receipt_ix ON receipt_surplus (receipt_id, id);
CREATE TRIGGER receipt_surplus_append_only BEFORE UPDATE OR DELETE ON receipt_surplus FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER receipt_surplus_no_truncate BEFORE TRUNCATE ON receipt_surplus FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- 期初盘入: boxes that lay here before their documents could tell. They are
-- collected in one open list and enter together when a second person confirms.
CREATE TABLE opening_list (
  id            BIGSERIAL,
  state         varchar(20)   NOT NULL DEFAULT 'open',
  reason        varchar(200)  NOT NULL DEFAULT '',
  opened_by     bigint        NOT NULL,
  opened_at     timestamptz   NOT NULL,
  closed_by     bigint,
  closed_at     timestamptz,
  packs         integer       NOT NULL DEFAULT 0,
  CONSTRAINT opening_list_pk PRIMARY KEY (id),
  CONSTRAINT opening_list_state_ck CHECK (state IN ('open', 'entered', 'dropped'))
);
CREATE UNIQUE INDEX opening_list_open_uq ON opening_list (state) WHERE state = 'open';

CREATE TABLE opening_code (
  list_id     bigint        NOT NULL,
  code        varchar(100)  NOT NULL,
  drug_id     bigint        NOT NULL,
  units       integer       NOT NULL,
  batch       varchar(60)   NOT NULL DEFAULT '',
  expires_on  date,
  made_on     date,
  batch_read  boolean       NOT NULL DEFAULT false,
  staff_id    bigint        NOT NULL,
  at          timestamptz   NOT NULL,
  CONSTRAINT opening_code_pk PRIMARY KEY (list_id, code),
  CONSTRAINT opening_code_list_fk FOREIGN KEY (list_id) REFERENCES opening_list (id),
  CONSTRAINT opening_code_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT opening_code_units_ck CHECK (units > 0)
);
CREATE INDEX opening_code_drug_ix ON opening_code (list_id, drug_id, batch);

-- waits_for is the document that a red one in the work list cancels: when that
-- arrives, the red one is tried again.
ALTER TABLE pull_problem ADD COLUMN waits_for varchar(60) NOT NULL DEFAULT '';
CREATE INDEX pull_problem_waits_ix ON pull_problem (source, stream, waits_for) WHERE resolved_at IS NULL;
