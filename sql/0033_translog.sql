-- The transfer log: what a killed program had not written, and days that people
-- have put into the archive.

-- The exchange that brought a command, with what the log needs to name it. It is
-- written with the command's effect, so that an exchange whose entry was lost with
-- the program can be told and entered later. NULL: no device sent it.
ALTER TABLE command ADD COLUMN exchange_id uuid;
ALTER TABLE command ADD COLUMN transfer_system varchar(40);
ALTER TABLE command ADD COLUMN transfer_service varchar(60);
ALTER TABLE command ADD COLUMN transfer_key varchar(200);

-- Up to when commands have been compared with the log.
CREATE TABLE translog_mark (
  name  varchar(40)  NOT NULL,
  at    timestamptz  NOT NULL,
  CONSTRAINT translog_mark_pk PRIMARY KEY (name)
);

-- Bytes of a chain's entries as they stand in the table, for the page of the days.
ALTER TABLE translog_head ADD COLUMN bytes bigint NOT NULL DEFAULT 0;

-- A log officer asks that the days before one be put into the archive, another
-- person agrees or says no.
CREATE TABLE translog_archive_request (
  id          BIGSERIAL,
  before_day  date          NOT NULL,
  days        integer       NOT NULL,
  reason      varchar(200)  NOT NULL,
  state       varchar(10)   NOT NULL,
  asked_by    bigint        NOT NULL,
  asked_at    timestamptz   NOT NULL,
  decided_by  bigint,
  decided_at  timestamptz,
  CONSTRAINT translog_archive_request_pk PRIMARY KEY (id),
  CONSTRAINT translog_archive_request_state_ck CHECK (state IN ('asked', 'confirmed', 'withdrawn')),
  CONSTRAINT translog_archive_request_two_ck CHECK (state <> 'confirmed' OR decided_by <> asked_by),
  CONSTRAINT translog_archive_request_end_ck CHECK ((state = 'asked') = (decided_by IS NULL)),
  CONSTRAINT translog_archive_request_asker_fk FOREIGN KEY (asked_by) REFERENCES staff (id),
  CONSTRAINT translog_archive_request_decider_fk FOREIGN KEY (decided_by) REFERENCES staff (id)
);
CREATE UNIQUE INDEX translog_archive_request_open_uq ON translog_archive_request (state) WHERE state = 'asked';
