-- The sealed transfer log and the pull of documents from the hospital.

-- One writer of the transfer log: one run of a server on one day, with a data
-- key of its own that only the log officer's private key unwraps. canonical is
-- stored as it was hashed and starts the writer's chain.
CREATE TABLE translog_writer (
  id           uuid          NOT NULL,
  host         varchar(100)  NOT NULL,
  started_at   timestamptz   NOT NULL,
  log_day      date          NOT NULL,
  opened_at    timestamptz   NOT NULL,
  officer_key  varchar(32)   NOT NULL,
  data_key     varchar(32)   NOT NULL,
  wrapped_key  bytea         NOT NULL,
  canonical    bytea         NOT NULL,
  digest       bytea         NOT NULL,
  CONSTRAINT translog_writer_pk PRIMARY KEY (id)
);
CREATE INDEX translog_writer_day_ix ON translog_writer (log_day, opened_at);
CREATE TRIGGER translog_writer_append_only BEFORE UPDATE OR DELETE ON translog_writer FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER translog_writer_no_truncate BEFORE TRUNCATE ON translog_writer FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- Heads of the writers' chains. They are updated; entries never are.
CREATE TABLE translog_head (
  writer_id   uuid         NOT NULL,
  length      bigint       NOT NULL,
  digest      bytea        NOT NULL,
  changed_at  timestamptz  NOT NULL,
  CONSTRAINT translog_head_pk PRIMARY KEY (writer_id),
  CONSTRAINT translog_head_writer_fk FOREIGN KEY (writer_id) REFERENCES translog_writer (id)
);

-- One entry: the intent before an exchange, its outcome after it, or a single
-- event for what is known only afterwards. The columns beside canonical are
-- there to search by and repeat what canonical says; the business key is an
-- HMAC, bodies stand sealed inside canonical.
CREATE TABLE translog_entry (
  writer_id    uuid         NOT NULL,
  seq          bigint       NOT NULL,
  exchange_id  uuid         NOT NULL,
  phase        varchar(10)  NOT NULL,
  direction    varchar(4)   NOT NULL,
  system_name  varchar(40)  NOT NULL,
  service      varchar(60)  NOT NULL,
  result       varchar(10)  NOT NULL DEFAULT '',
  at           timestamptz  NOT NULL,
  duration_us  bigint       NOT NULL DEFAULT 0,
  size         bigint       NOT NULL,
  staff_id     bigint       NOT NULL DEFAULT 0,
  key_index    bytea,
  canonical    bytea        NOT NULL,
  prev         bytea        NOT NULL,
  digest       bytea        NOT NULL,
  CONSTRAINT translog_entry_pk PRIMARY KEY (writer_id, seq),
  CONSTRAINT translog_entry_phase_uq UNIQUE (exchange_id, phase),
  CONSTRAINT translog_entry_writer_fk FOREIGN KEY (writer_id) REFERENCES translog_writer (id),
  CONSTRAINT translog_entry_phase_ck CHECK (phase IN ('intent', 'outcome', 'event')),
  CONSTRAINT translog_entry_direction_ck CHECK (direction IN ('out', 'in')),
  CONSTRAINT translog_entry_result_ck CHECK (result IN ('', 'ok', 'refused', 'failed', 'unknown'))
);
CREATE INDEX translog_entry_at_ix ON translog_entry (at);
CREATE INDEX translog_entry_system_ix ON translog_entry (system_name, at);
CREATE INDEX translog_entry_key_ix ON translog_entry (key_index) WHERE key_index IS NOT NULL;
CREATE TRIGGER translog_entry_append_only BEFORE UPDATE OR DELETE ON translog_entry FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER translog_entry_no_truncate BEFORE TRUNCATE ON translog_entry FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- How far a stream of documents of another system has been read, and how the
-- last tries went. mark is what that system gave us to ask from next time.
CREATE TABLE pull_position (
  source           varchar(20)   NOT NULL,
  stream           varchar(40)   NOT NULL,
  mark             varchar(200)  NOT NULL DEFAULT '',
  active           boolean       NOT NULL DEFAULT true,
  last_try_at      timestamptz,
  last_success_at  timestamptz,
  failures         integer       NOT NULL DEFAULT 0,
  last_error       varchar(400)  NOT NULL DEFAULT '',
  changed_at       timestamptz   NOT NULL,
  CONSTRAINT pull_position_pk PRIMARY KEY (source, stream)
);

-- Documents that could not be taken in, and why: a work list. document keeps
-- the bytes as they came, so that it can be tried again without the sender.
CREATE TABLE pull_problem (
  id           BIGSERIAL,
  source       varchar(20)   NOT NULL,
  stream       varchar(40)   NOT NULL,
  number       varchar(60)   NOT NULL DEFAULT '',
  revision     integer       NOT NULL DEFAULT 0,
  digest       bytea         NOT NULL,
  document     bytea         NOT NULL,
  reason       varchar(400)  NOT NULL,
  seen         integer       NOT NULL DEFAULT 1,
  first_at     timestamptz   NOT NULL,
  last_at      timestamptz   NOT NULL,
  resolved_at  timestamptz,
  resolved_by  bigint,
  resolution   varchar(40)   NOT NULL DEFAULT '',
  CONSTRAINT pull_problem_pk PRIMARY KEY (id),
  CONSTRAINT pull_problem_document_uq UNIQUE (source, stream, digest)
);
CREATE INDEX pull_problem_open_ix ON pull_problem (source, stream, last_at) WHERE resolved_at IS NULL;
