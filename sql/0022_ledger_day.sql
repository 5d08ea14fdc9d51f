-- What moved on each finished day, by drug, batch and everything a ledger tells
-- apart: movements are never changed, so a finished day can be summed once. A row
-- is made by a worker and can be made again from the movements at any time; the
-- check of the stock does so and compares. Days run from midnight to midnight in
-- Asia/Shanghai. content is the units of a full pack, whole_… counts full packs
-- and loose_… the units of opened ones, before and after the movement.
CREATE TABLE ledger_day (
  day           date          NOT NULL,
  drug_id       bigint        NOT NULL,
  batch         varchar(60)   NOT NULL,
  content       bigint        NOT NULL,
  kind          varchar(20)   NOT NULL,
  from_state    varchar(20)   NOT NULL,
  to_state      varchar(20)   NOT NULL,
  from_site     bigint        NOT NULL,
  to_site       bigint        NOT NULL,
  moves         bigint        NOT NULL,
  whole_before  bigint        NOT NULL,
  loose_before  bigint        NOT NULL,
  whole_after   bigint        NOT NULL,
  loose_after   bigint        NOT NULL,
  CONSTRAINT ledger_day_pk PRIMARY KEY (day, drug_id, batch, content, kind, from_state, to_state, from_site, to_site)
);

-- What lay where at the beginning of a month, by all days before it: so that an
-- opening stock is not thirty years of rows. Nothing there is no row.
CREATE TABLE ledger_carry (
  on_day   date          NOT NULL,
  drug_id  bigint        NOT NULL,
  batch    varchar(60)   NOT NULL,
  content  bigint        NOT NULL,
  state    varchar(20)   NOT NULL,
  site_id  bigint        NOT NULL,
  whole    bigint        NOT NULL,
  loose    bigint        NOT NULL,
  CONSTRAINT ledger_carry_pk PRIMARY KEY (on_day, drug_id, batch, content, state, site_id)
);

-- One row: from since on, all days before open_day are summed. Nothing there means
-- that nothing is summed yet. It is also the lock of the worker.
CREATE TABLE ledger_reach (
  id        integer  NOT NULL,
  since     date,
  open_day  date,
  CONSTRAINT ledger_reach_pk PRIMARY KEY (id),
  CONSTRAINT ledger_reach_one_ck CHECK (id = 1)
);
INSERT INTO ledger_reach (id) VALUES (1);

-- Days whose sums no longer hold because packs that moved then have another drug
-- or batch now. Whoever renames a pack writes them in the same transaction; until
-- the day is summed anew its movements are read themselves.
CREATE TABLE ledger_stale (
  id   BIGSERIAL,
  day  date  NOT NULL,
  CONSTRAINT ledger_stale_pk PRIMARY KEY (id)
);

-- The packs on the books, a small part of all there ever were.
CREATE INDEX pack_books_ix ON pack (drug_id, batch) WHERE state IN ('in_store', 'allocated', 'quarantined', 'damaged');
