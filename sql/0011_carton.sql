-- Cartons and what is packed in them; boxes without a readable code.

-- A relation file (关联关系) that was looked through without a fault. Its bytes,
-- packed, stay until it is imported, so that what a person saw is what comes in.
CREATE TABLE relation_file (
  id           BIGSERIAL,
  name         varchar(200)  NOT NULL,
  digest       bytea         NOT NULL,
  body         bytea,
  cartons      integer       NOT NULL,
  codes        integer       NOT NULL,
  state        varchar(20)   NOT NULL DEFAULT 'checked',
  checked_at   timestamptz   NOT NULL,
  checked_by   bigint,
  imported_at  timestamptz,
  imported_by  bigint,
  CONSTRAINT relation_file_pk PRIMARY KEY (id),
  CONSTRAINT relation_file_state_ck CHECK (state IN ('checked', 'imported'))
);
CREATE INDEX relation_file_digest_ix ON relation_file (digest);

-- A middle pack or carton (中码, 大码). nominal is how many small packs a full one
-- holds, actual how many this one does, unknown until it is resolved; box_status
-- is 码上放心's: 0 full, 1 拼箱, 2 零箱, 3 both. complete says that every small code
-- in it is known. held_by is whose scans go into it while it is open.
CREATE TABLE carton (
  id           BIGSERIAL,
  code         varchar(100)  NOT NULL,
  drug_id      bigint        NOT NULL,
  pack_level   integer       NOT NULL,
  parent_id    bigint,
  nominal      integer       NOT NULL,
  actual       integer,
  box_status   integer       NOT NULL DEFAULT 0,
  complete     boolean       NOT NULL DEFAULT false,
  state        varchar(20)   NOT NULL DEFAULT 'known',
  file_id      bigint,
  receipt_id   bigint,
  held_by      bigint,
  held_at      timestamptz,
  resolved_by  bigint,
  resolved_at  timestamptz,
  reason       varchar(200)  NOT NULL DEFAULT '',
  created_at   timestamptz   NOT NULL,
  CONSTRAINT carton_pk PRIMARY KEY (id),
  CONSTRAINT carton_code_uq UNIQUE (code),
  CONSTRAINT carton_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT carton_parent_fk FOREIGN KEY (parent_id) REFERENCES carton (id),
  CONSTRAINT carton_receipt_fk FOREIGN KEY (receipt_id) REFERENCES receipt (id),
  CONSTRAINT carton_level_ck CHECK (pack_level BETWEEN 2 AND 3),
  CONSTRAINT carton_nominal_ck CHECK (nominal > 0),
  CONSTRAINT carton_status_ck CHECK (box_status BETWEEN 0 AND 3),
  CONSTRAINT carton_state_ck CHECK (state IN ('known', 'open', 'resolved'))
);
CREATE INDEX carton_parent_ix ON carton (parent_id);
CREATE INDEX carton_receipt_ix ON carton (receipt_id, state);

-- The small code that lies in a carton, with what the relation file says of it:
-- the parent pointer of a pack, whose row may not exist yet.
CREATE TABLE carton_code (
  id          BIGSERIAL,
  carton_id   bigint        NOT NULL,
  code        varchar(100)  NOT NULL,
  batch       varchar(60)   NOT NULL DEFAULT '',
  expires_on  date,
  made_on     date,
  CONSTRAINT carton_code_pk PRIMARY KEY (id),
  CONSTRAINT carton_code_code_uq UNIQUE (code),
  CONSTRAINT carton_code_carton_fk FOREIGN KEY (carton_id) REFERENCES carton (id)
);
CREATE INDEX carton_code_carton_ix ON carton_code (carton_id);

-- 无码: boxes of a receipt whose code is damaged or missing, recorded by one
-- person and confirmed by another.
CREATE TABLE codeless_request (
  id               BIGSERIAL,
  receipt_id       bigint        NOT NULL,
  receipt_line_id  bigint        NOT NULL,
  packs            integer       NOT NULL,
  reason           varchar(20)   NOT NULL,
  readable         varchar(100)  NOT NULL DEFAULT '',
  state            varchar(20)   NOT NULL DEFAULT 'asked',
  asked_by         bigint        NOT NULL,
  asked_at         timestamptz   NOT NULL,
  decided_by       bigint,
  decided_at       timestamptz,
  CONSTRAINT codeless_request_pk PRIMARY KEY (id),
  CONSTRAINT codeless_request_receipt_fk FOREIGN KEY (receipt_id) REFERENCES receipt (id),
  CONSTRAINT codeless_request_line_fk FOREIGN KEY (receipt_line_id) REFERENCES receipt_line (id),
  CONSTRAINT codeless_request_packs_ck CHECK (packs > 0),
  CONSTRAINT codeless_request_reason_ck CHECK (reason IN ('missing', 'damaged', 'covered')),
  CONSTRAINT codeless_request_state_ck CHECK (state IN ('asked', 'confirmed', 'refused')),
  CONSTRAINT codeless_request_two_ck CHECK (decided_by IS NULL OR state = 'refused' OR decided_by <> asked_by)
);
CREATE INDEX codeless_request_receipt_ix ON codeless_request (receipt_id, id);

-- The code that we gave such a box, which is its pack's code, and the true one
-- where it was found later (补码).
CREATE TABLE codeless_box (
  id          BIGSERIAL,
  request_id  bigint        NOT NULL,
  code        varchar(100)  NOT NULL,
  true_code   varchar(100),
  linked_by   bigint,
  linked_at   timestamptz,
  CONSTRAINT codeless_box_pk PRIMARY KEY (id),
  CONSTRAINT codeless_box_code_uq UNIQUE (code),
  CONSTRAINT codeless_box_true_uq UNIQUE (true_code),
  CONSTRAINT codeless_box_request_fk FOREIGN KEY (request_id) REFERENCES codeless_request (id)
);
CREATE INDEX codeless_box_request_ix ON codeless_box (request_id);

-- The difference sheet of a receipt as somebody handed it in: its figures hold
-- only while they are those of the receipt. Another person confirms it.
CREATE TABLE receipt_sheet (
  id           BIGSERIAL,
  receipt_id   bigint        NOT NULL,
  missing      integer       NOT NULL,
  refused      integer       NOT NULL,
  codeless     integer       NOT NULL,
  wrong_batch  integer       NOT NULL,
  remark       varchar(200)  NOT NULL,
  state        varchar(20)   NOT NULL DEFAULT 'asked',
  asked_by     bigint        NOT NULL,
  asked_at     timestamptz   NOT NULL,
  decided_by   bigint,
  decided_at   timestamptz,
  CONSTRAINT receipt_sheet_pk PRIMARY KEY (id),
  CONSTRAINT receipt_sheet_receipt_fk FOREIGN KEY (receipt_id) REFERENCES receipt (id),
  CONSTRAINT receipt_sheet_state_ck CHECK (state IN ('asked', 'confirmed', 'void')),
  CONSTRAINT receipt_sheet_two_ck CHECK (state <> 'confirmed' OR decided_by <> asked_by)
);
CREATE UNIQUE INDEX receipt_sheet_open_uq ON receipt_sheet (receipt_id) WHERE state = 'asked';
CREATE INDEX receipt_sheet_receipt_ix ON receipt_sheet (receipt_id, id);
