-- Medicine by trace code. Every stock figure is a sum over packs in a state
-- and their remainders, or over movements; no counter stands beside them.

CREATE TABLE drug (
  id              BIGSERIAL,
  his_code        varchar(40)   NOT NULL,
  generic_name    varchar(100)  NOT NULL,
  trade_name      varchar(100)  NOT NULL DEFAULT '',
  spec            varchar(100)  NOT NULL DEFAULT '',
  maker           varchar(100)  NOT NULL DEFAULT '',
  unit_name       varchar(10)   NOT NULL DEFAULT '片',
  pack_name       varchar(10)   NOT NULL DEFAULT '盒',
  units_per_pack  integer       NOT NULL,
  loose           boolean       NOT NULL DEFAULT false,
  active          boolean       NOT NULL DEFAULT true,
  created_at      timestamptz   NOT NULL,
  CONSTRAINT drug_pk PRIMARY KEY (id),
  CONSTRAINT drug_his_code_uq UNIQUE (his_code),
  CONSTRAINT drug_units_ck CHECK (units_per_pack > 0)
);

-- Legal class of a drug from a day on (普 / 精二 / 精一 / 麻 / 毒). A drug without
-- a row is of unknown class, which never counts as ordinary. A correction is a
-- second row for the same day: the later row counts.
CREATE TABLE drug_class (
  id        BIGSERIAL,
  drug_id   bigint       NOT NULL,
  class     varchar(10)  NOT NULL,
  since_on  date         NOT NULL,
  at        timestamptz  NOT NULL,
  staff_id  bigint,
  CONSTRAINT drug_class_pk PRIMARY KEY (id),
  CONSTRAINT drug_class_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT drug_class_class_ck CHECK (class IN ('普', '精二', '精一', '麻', '毒'))
);
CREATE INDEX drug_class_since_ix ON drug_class (drug_id, since_on, id);
CREATE TRIGGER drug_class_append_only BEFORE UPDATE OR DELETE ON drug_class FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER drug_class_no_truncate BEFORE TRUNCATE ON drug_class FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- What the first seven characters (or a GTIN) of a trace code mean: the drug,
-- the level of the pack (1 small … 3 carton) and its content in smallest units.
CREATE TABLE drug_prefix (
  id          BIGSERIAL,
  prefix      varchar(20)  NOT NULL,
  drug_id     bigint       NOT NULL,
  pack_level  integer      NOT NULL DEFAULT 1,
  units       integer      NOT NULL,
  active      boolean      NOT NULL DEFAULT true,
  taught_by   bigint,
  taught_at   timestamptz  NOT NULL,
  CONSTRAINT drug_prefix_pk PRIMARY KEY (id),
  CONSTRAINT drug_prefix_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT drug_prefix_units_ck CHECK (units > 0),
  CONSTRAINT drug_prefix_level_ck CHECK (pack_level BETWEEN 1 AND 3)
);
CREATE UNIQUE INDEX drug_prefix_active_uq ON drug_prefix (prefix) WHERE active;

-- What HIS says it sent. A document is known by source, number and revision;
-- the same one twice changes nothing.
CREATE TABLE receipt (
  id           BIGSERIAL,
  source       varchar(20)   NOT NULL,
  number       varchar(60)   NOT NULL,
  revision     integer       NOT NULL DEFAULT 1,
  kind         varchar(20)   NOT NULL DEFAULT 'transfer',
  state        varchar(20)   NOT NULL DEFAULT 'waiting',
  issued_at    timestamptz   NOT NULL,
  arrived_at   timestamptz   NOT NULL,
  from_store   varchar(100)  NOT NULL DEFAULT '',
  digest       bytea         NOT NULL,
  finished_at  timestamptz,
  finished_by  bigint,
  remark       varchar(200)  NOT NULL DEFAULT '',
  CONSTRAINT receipt_pk PRIMARY KEY (id),
  CONSTRAINT receipt_document_uq UNIQUE (source, number, revision),
  CONSTRAINT receipt_state_ck CHECK (state IN ('waiting', 'scanning', 'finished', 'superseded', 'cancelled'))
);
CREATE INDEX receipt_state_ix ON receipt (state, issued_at);

CREATE TABLE receipt_line (
  id          BIGSERIAL,
  receipt_id  bigint        NOT NULL,
  line_no     integer       NOT NULL,
  drug_id     bigint        NOT NULL,
  batch       varchar(60)   NOT NULL DEFAULT '',
  expires_on  date,
  made_on     date,
  packs       integer       NOT NULL,
  price       numeric(12,4),
  CONSTRAINT receipt_line_pk PRIMARY KEY (id),
  CONSTRAINT receipt_line_no_uq UNIQUE (receipt_id, line_no),
  CONSTRAINT receipt_line_receipt_fk FOREIGN KEY (receipt_id) REFERENCES receipt (id),
  CONSTRAINT receipt_line_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT receipt_line_packs_ck CHECK (packs > 0)
);

-- Boxes that were scanned at receiving and not taken: extra, of another
-- receipt, of an unknown prefix. A box stands here once until it is resolved.
CREATE TABLE receipt_refusal (
  id           BIGSERIAL,
  receipt_id   bigint        NOT NULL,
  raw          varchar(400)  NOT NULL,
  code         varchar(100)  NOT NULL DEFAULT '',
  answer_kind  varchar(30)   NOT NULL,
  staff_id     bigint        NOT NULL,
  at           timestamptz   NOT NULL,
  resolved_at  timestamptz,
  resolved_by  bigint,
  resolution   varchar(40)   NOT NULL DEFAULT '',
  CONSTRAINT receipt_refusal_pk PRIMARY KEY (id),
  CONSTRAINT receipt_refusal_receipt_fk FOREIGN KEY (receipt_id) REFERENCES receipt (id)
);
CREATE INDEX receipt_refusal_receipt_ix ON receipt_refusal (receipt_id, id);

-- One row per trace code: one state, a remainder in smallest units (units_left)
-- and what patients have of it (units_given); what both leave of units_total was
-- counted away. session_id is the clinic session that holds it, visit_id the
-- visit that emptied it, kept while it is dispensed.
CREATE TABLE pack (
  id               BIGSERIAL,
  code             varchar(100)  NOT NULL,
  drug_id          bigint        NOT NULL,
  state            varchar(20)   NOT NULL,
  units_total      integer       NOT NULL,
  units_left       integer       NOT NULL,
  units_given      integer       NOT NULL DEFAULT 0,
  batch            varchar(60)   NOT NULL DEFAULT '',
  expires_on       date,
  made_on          date,
  receipt_line_id  bigint,
  session_id       bigint,
  visit_id         uuid,
  returned         boolean       NOT NULL DEFAULT false,
  alarm            varchar(40)   NOT NULL DEFAULT '',
  created_at       timestamptz   NOT NULL,
  changed_at       timestamptz   NOT NULL,
  CONSTRAINT pack_pk PRIMARY KEY (id),
  CONSTRAINT pack_code_uq UNIQUE (code),
  CONSTRAINT pack_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT pack_receipt_line_fk FOREIGN KEY (receipt_line_id) REFERENCES receipt_line (id),
  CONSTRAINT pack_state_ck CHECK (state IN ('expected', 'in_store', 'allocated', 'dispensed', 'quarantined',
    'damaged', 'destroyed', 'lost', 'sent_back', 'withdrawn')),
  CONSTRAINT pack_units_ck CHECK (units_left >= 0 AND units_given >= 0 AND units_left + units_given <= units_total)
);
CREATE INDEX pack_session_ix ON pack (session_id, drug_id) WHERE session_id IS NOT NULL;
CREATE INDEX pack_store_ix ON pack (drug_id, expires_on) WHERE state = 'in_store';
CREATE INDEX pack_allocated_ix ON pack (drug_id) WHERE state = 'allocated';
CREATE INDEX pack_receipt_line_ix ON pack (receipt_line_id);
CREATE INDEX pack_batch_ix ON pack (drug_id, batch);

-- 流水: the only source of every stock figure. quantity is in smallest units
-- and never negative; the kind and the two states give its direction.
CREATE TABLE movement (
  id               BIGSERIAL,
  kind             varchar(20)   NOT NULL,
  pack_id          bigint        NOT NULL,
  quantity         integer       NOT NULL,
  from_state       varchar(20)   NOT NULL,
  to_state         varchar(20)   NOT NULL,
  units_after      integer       NOT NULL,
  from_session_id  bigint,
  to_session_id    bigint,
  visit_id         uuid,
  receipt_line_id  bigint,
  staff_id         bigint,
  login_id         uuid,
  device           varchar(64)   NOT NULL DEFAULT '',
  device_at        timestamptz,
  at               timestamptz   NOT NULL,
  reason           varchar(200)  NOT NULL DEFAULT '',
  how              varchar(20)   NOT NULL,
  fact             boolean       NOT NULL DEFAULT false,
  alarm            varchar(40)   NOT NULL DEFAULT '',
  command_id       uuid,
  CONSTRAINT movement_pk PRIMARY KEY (id),
  CONSTRAINT movement_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT movement_quantity_ck CHECK (quantity >= 0),
  CONSTRAINT movement_how_ck CHECK (how IN ('scanned', 'typed', 'by_number', 'inferred', 'system'))
);
CREATE INDEX movement_pack_ix ON movement (pack_id, id);
CREATE INDEX movement_from_session_ix ON movement (from_session_id, id) WHERE from_session_id IS NOT NULL;
CREATE INDEX movement_to_session_ix ON movement (to_session_id, id) WHERE to_session_id IS NOT NULL;
CREATE INDEX movement_visit_ix ON movement (visit_id) WHERE visit_id IS NOT NULL;
CREATE INDEX movement_at_ix ON movement (at);
CREATE TRIGGER movement_append_only BEFORE UPDATE OR DELETE ON movement FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER movement_no_truncate BEFORE TRUNCATE ON movement FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
