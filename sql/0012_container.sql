-- Totes and bags: labelled containers whose contents are known.

-- 周转箱. sealed_packs is what was in it when it was closed, so that a tote whose
-- contents have changed since can be told.
CREATE TABLE tote (
  id            BIGSERIAL,
  code          varchar(20)  NOT NULL,
  name          varchar(40)  NOT NULL,
  sealed_at     timestamptz,
  sealed_by     bigint,
  sealed_packs  integer      NOT NULL DEFAULT 0,
  made_by       bigint       NOT NULL,
  made_at       timestamptz  NOT NULL,
  CONSTRAINT tote_pk PRIMARY KEY (id),
  CONSTRAINT tote_code_uq UNIQUE (code),
  CONSTRAINT tote_name_uq UNIQUE (name),
  CONSTRAINT tote_sealed_packs_ck CHECK (sealed_packs >= 0)
);

-- A pack is in one tote at most. as_of is pack.changed_at of the last movement
-- that left it inside: a pack that has moved since by any other way has been
-- taken out, whoever moved it, and its row here no longer counts.
CREATE TABLE tote_pack (
  pack_id  bigint       NOT NULL,
  tote_id  bigint       NOT NULL,
  put_by   bigint       NOT NULL,
  put_at   timestamptz  NOT NULL,
  as_of    timestamptz  NOT NULL,
  CONSTRAINT tote_pack_pk PRIMARY KEY (pack_id),
  CONSTRAINT tote_pack_tote_fk FOREIGN KEY (tote_id) REFERENCES tote (id),
  CONSTRAINT tote_pack_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id)
);
CREATE INDEX tote_pack_tote_ix ON tote_pack (tote_id);

-- 药袋: what one patient is to get at one session, made up before. ended_at is
-- when it was handed over or opened; visit_id the visit it was handed over in.
CREATE TABLE bag (
  id          BIGSERIAL,
  code        varchar(20)  NOT NULL,
  session_id  bigint       NOT NULL,
  patient_id  bigint       NOT NULL,
  state       varchar(10)  NOT NULL,
  visit_id    uuid,
  prints      integer      NOT NULL DEFAULT 0,
  made_by     bigint       NOT NULL,
  made_at     timestamptz  NOT NULL,
  ended_by    bigint,
  ended_at    timestamptz,
  CONSTRAINT bag_pk PRIMARY KEY (id),
  CONSTRAINT bag_code_uq UNIQUE (code),
  CONSTRAINT bag_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT bag_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id),
  CONSTRAINT bag_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT bag_state_ck CHECK (state IN ('packed', 'given', 'opened'))
);
CREATE UNIQUE INDEX bag_packed_uq ON bag (session_id, patient_id) WHERE state = 'packed';
CREATE INDEX bag_session_ix ON bag (session_id, id);

-- What is in a bag; as_of as in tote_pack.
CREATE TABLE bag_pack (
  pack_id  bigint       NOT NULL,
  bag_id   bigint       NOT NULL,
  put_by   bigint       NOT NULL,
  put_at   timestamptz  NOT NULL,
  as_of    timestamptz  NOT NULL,
  CONSTRAINT bag_pack_pk PRIMARY KEY (pack_id),
  CONSTRAINT bag_pack_bag_fk FOREIGN KEY (bag_id) REFERENCES bag (id),
  CONSTRAINT bag_pack_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id)
);
CREATE INDEX bag_pack_bag_ix ON bag_pack (bag_id);

-- One code read for all packs inside a labelled container.
ALTER TABLE movement DROP CONSTRAINT movement_how_ck;
ALTER TABLE movement ADD CONSTRAINT movement_how_known_ck CHECK (how IN ('scanned', 'typed', 'by_number', 'inferred', 'system', 'container'));
