-- Days of the transfer log that lie in a folder outside of the database.

-- One day that was written into a folder, read back and verified there. manifest
-- is the SM3 of the folder's manifest, which names every file by its digest. A day
-- may be archived again, into another place.
CREATE TABLE translog_archive (
  id           BIGSERIAL,
  log_day      date          NOT NULL,
  folder       varchar(400)  NOT NULL,
  writers      integer       NOT NULL,
  entries      bigint        NOT NULL,
  manifest     bytea         NOT NULL,
  archived_at  timestamptz   NOT NULL,
  archived_by  varchar(200)  NOT NULL,
  CONSTRAINT translog_archive_pk PRIMARY KEY (id),
  CONSTRAINT translog_archive_entries_ck CHECK (entries >= 0)
);
CREATE INDEX translog_archive_day_ix ON translog_archive (log_day, id);
CREATE TRIGGER translog_archive_append_only BEFORE UPDATE OR DELETE ON translog_archive FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER translog_archive_no_truncate BEFORE TRUNCATE ON translog_archive FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- A day whose bodies were emptied after its archive had been verified again: the
-- rows keep their place and digests, so that chains, heads and anchors still stand.
-- Only the owner of the tables can do it; the program's user cannot.
CREATE TABLE translog_trim (
  log_day     date          NOT NULL,
  archive_id  bigint        NOT NULL,
  entries     bigint        NOT NULL,
  trimmed_at  timestamptz   NOT NULL,
  trimmed_by  varchar(200)  NOT NULL,
  CONSTRAINT translog_trim_pk PRIMARY KEY (log_day),
  CONSTRAINT translog_trim_archive_fk FOREIGN KEY (archive_id) REFERENCES translog_archive (id)
);
CREATE TRIGGER translog_trim_append_only BEFORE UPDATE OR DELETE ON translog_trim FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER translog_trim_no_truncate BEFORE TRUNCATE ON translog_trim FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
