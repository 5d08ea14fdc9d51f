-- 盘点: blind counts of the pharmacy and of a session's trays. A count changes no
-- stock by itself: what it finds becomes movements when another person approves.

-- One count. scope_key is 'store' or 'session:12': a scope has one open count.
-- submission numbers the times it was handed in; its differences carry it.
CREATE TABLE stocktake (
  id            BIGSERIAL,
  scope_key     varchar(40)   NOT NULL,
  session_id    bigint,
  site_id       bigint,
  place         varchar(100)  NOT NULL DEFAULT '',
  all_drugs     boolean       NOT NULL DEFAULT true,
  state         varchar(20)   NOT NULL DEFAULT 'counting',
  submission    integer       NOT NULL DEFAULT 0,
  version       bigint        NOT NULL DEFAULT 1,
  started_by    bigint        NOT NULL,
  started_at    timestamptz   NOT NULL,
  submitted_by  bigint,
  submitted_at  timestamptz,
  decided_by    bigint,
  decided_at    timestamptz,
  remark        varchar(200)  NOT NULL DEFAULT '',
  CONSTRAINT stocktake_pk PRIMARY KEY (id),
  CONSTRAINT stocktake_starter_fk FOREIGN KEY (started_by) REFERENCES staff (id),
  CONSTRAINT stocktake_submitter_fk FOREIGN KEY (submitted_by) REFERENCES staff (id),
  CONSTRAINT stocktake_decider_fk FOREIGN KEY (decided_by) REFERENCES staff (id),
  CONSTRAINT stocktake_state_ck CHECK (state IN ('counting', 'submitted', 'approved', 'abandoned'))
);
CREATE UNIQUE INDEX stocktake_open_uq ON stocktake (scope_key) WHERE state IN ('counting', 'submitted');
CREATE INDEX stocktake_started_ix ON stocktake (started_at);

-- The drugs of a count that does not take all.
CREATE TABLE stocktake_drug (
  stocktake_id  bigint  NOT NULL,
  drug_id       bigint  NOT NULL,
  CONSTRAINT stocktake_drug_pk PRIMARY KEY (stocktake_id, drug_id),
  CONSTRAINT stocktake_drug_stocktake_fk FOREIGN KEY (stocktake_id) REFERENCES stocktake (id),
  CONSTRAINT stocktake_drug_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id)
);
CREATE TRIGGER stocktake_drug_append_only BEFORE UPDATE OR DELETE ON stocktake_drug FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER stocktake_drug_no_truncate BEFORE TRUNCATE ON stocktake_drug FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- What lay in the scope when the count began, taken in the starting transaction.
-- movement_id is the pack's last movement then: what has a later one moved.
CREATE TABLE stocktake_line (
  stocktake_id  bigint   NOT NULL,
  pack_id       bigint   NOT NULL,
  drug_id       bigint   NOT NULL,
  units_left    integer  NOT NULL,
  movement_id   bigint   NOT NULL,
  CONSTRAINT stocktake_line_pk PRIMARY KEY (stocktake_id, pack_id),
  CONSTRAINT stocktake_line_stocktake_fk FOREIGN KEY (stocktake_id) REFERENCES stocktake (id),
  CONSTRAINT stocktake_line_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id)
);
CREATE TRIGGER stocktake_line_append_only BEFORE UPDATE OR DELETE ON stocktake_line FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER stocktake_line_no_truncate BEFORE TRUNCATE ON stocktake_line FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- One code that was scanned, with how the books stood at that moment: whether the
-- pack was in the scope, its state, its remainder and its last movement.
-- units_counted is what a person counted in an opened box. A row that was undone
-- or counted anew stays, with who ended it.
CREATE TABLE stocktake_seen (
  id             BIGSERIAL,
  stocktake_id   bigint        NOT NULL,
  code           varchar(100)  NOT NULL,
  pack_id        bigint,
  drug_id        bigint,
  answer_kind    varchar(30)   NOT NULL,
  in_scope       boolean       NOT NULL,
  state          varchar(20)   NOT NULL DEFAULT '',
  units_booked   integer       NOT NULL DEFAULT 0,
  movement_id    bigint        NOT NULL DEFAULT 0,
  units_counted  integer,
  shelf          varchar(40)   NOT NULL DEFAULT '',
  staff_id       bigint        NOT NULL,
  at             timestamptz   NOT NULL,
  ended_at       timestamptz,
  ended_by       bigint,
  ended_how      varchar(20)   NOT NULL DEFAULT '',
  CONSTRAINT stocktake_seen_pk PRIMARY KEY (id),
  CONSTRAINT stocktake_seen_stocktake_fk FOREIGN KEY (stocktake_id) REFERENCES stocktake (id),
  CONSTRAINT stocktake_seen_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT stocktake_seen_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT stocktake_seen_units_ck CHECK (units_counted >= 0),
  CONSTRAINT stocktake_seen_ended_ck CHECK (ended_how IN ('', 'undone', 'recounted'))
);
CREATE UNIQUE INDEX stocktake_seen_code_uq ON stocktake_seen (stocktake_id, code) WHERE ended_at IS NULL;
CREATE INDEX stocktake_seen_stocktake_ix ON stocktake_seen (stocktake_id, id);

-- The number of a drug where it is not scanned box by box: full packs, and loose
-- units where they were counted, beside what the books held in the scope then.
CREATE TABLE stocktake_number (
  id              BIGSERIAL,
  stocktake_id    bigint       NOT NULL,
  drug_id         bigint       NOT NULL,
  packs           integer      NOT NULL,
  loose_units     integer,
  booked_packs    integer      NOT NULL,
  booked_loose    integer      NOT NULL,
  staff_id        bigint       NOT NULL,
  at              timestamptz  NOT NULL,
  ended_at        timestamptz,
  ended_by        bigint,
  ended_how       varchar(20)  NOT NULL DEFAULT '',
  CONSTRAINT stocktake_number_pk PRIMARY KEY (id),
  CONSTRAINT stocktake_number_stocktake_fk FOREIGN KEY (stocktake_id) REFERENCES stocktake (id),
  CONSTRAINT stocktake_number_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT stocktake_number_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT stocktake_number_counted_ck CHECK (packs >= 0 AND loose_units >= 0),
  CONSTRAINT stocktake_number_ended_ck CHECK (ended_how IN ('', 'undone', 'recounted'))
);
CREATE UNIQUE INDEX stocktake_number_drug_uq ON stocktake_number (stocktake_id, drug_id) WHERE ended_at IS NULL;

-- What each handing-in came to, drug by drug, in packs and loose units.
CREATE TABLE stocktake_result (
  stocktake_id  bigint       NOT NULL,
  submission    integer      NOT NULL,
  drug_id       bigint       NOT NULL,
  counted_how   varchar(20)  NOT NULL,
  booked_packs  integer      NOT NULL,
  booked_loose  integer      NOT NULL,
  found_packs   integer      NOT NULL,
  found_loose   integer      NOT NULL,
  moved_packs   integer      NOT NULL,
  CONSTRAINT stocktake_result_pk PRIMARY KEY (stocktake_id, submission, drug_id),
  CONSTRAINT stocktake_result_stocktake_fk FOREIGN KEY (stocktake_id) REFERENCES stocktake (id),
  CONSTRAINT stocktake_result_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT stocktake_result_how_ck CHECK (counted_how IN ('scanned', 'number', 'uncounted'))
);

-- One difference of a handing-in. movement_id is the pack's last movement then: a
-- pack that has moved since is dropped when the count is approved. proposal is
-- the movement that the rules offer, action the one that was chosen ('' none).
CREATE TABLE stocktake_difference (
  id            BIGSERIAL,
  stocktake_id  bigint        NOT NULL,
  submission    integer       NOT NULL,
  kind          varchar(20)   NOT NULL,
  code          varchar(100)  NOT NULL DEFAULT '',
  pack_id       bigint,
  drug_id       bigint,
  state         varchar(20)   NOT NULL DEFAULT '',
  booked        integer       NOT NULL,
  counted       integer       NOT NULL,
  movement_id   bigint        NOT NULL DEFAULT 0,
  proposal      varchar(20)   NOT NULL DEFAULT '',
  action        varchar(20)   NOT NULL DEFAULT '',
  reason_kind   varchar(20)   NOT NULL DEFAULT '',
  reason        varchar(200)  NOT NULL DEFAULT '',
  explained_by  bigint,
  explained_at  timestamptz,
  outcome       varchar(20)   NOT NULL DEFAULT '',
  CONSTRAINT stocktake_difference_pk PRIMARY KEY (id),
  CONSTRAINT stocktake_difference_stocktake_fk FOREIGN KEY (stocktake_id) REFERENCES stocktake (id),
  CONSTRAINT stocktake_difference_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT stocktake_difference_kind_ck CHECK (kind IN ('missing', 'extra', 'units', 'number', 'loose')),
  CONSTRAINT stocktake_difference_outcome_ck CHECK (outcome IN ('', 'adjusted', 'recorded', 'dropped'))
);
CREATE INDEX stocktake_difference_stocktake_ix ON stocktake_difference (stocktake_id, submission, id);
