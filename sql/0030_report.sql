-- The monthly and yearly reports as they were made: all their figures in one text
-- of fixed form, with its SM3 digest, from which the same paper is drawn again at
-- any time. Site 0 is all sites together. A report that is made anew and comes out
-- otherwise is a further edition; the earlier ones stay.
CREATE TABLE kept_report (
  id        BIGSERIAL,
  kind      varchar(10)  NOT NULL,
  site_id   bigint       NOT NULL,
  from_on   date         NOT NULL,
  to_on     date         NOT NULL,
  edition   integer      NOT NULL,
  made_at   timestamptz  NOT NULL,
  made_by   bigint,
  figures   bytea        NOT NULL,
  digest    bytea        NOT NULL,
  CONSTRAINT kept_report_pk PRIMARY KEY (id),
  CONSTRAINT kept_report_kind_ck CHECK (kind IN ('month', 'year')),
  CONSTRAINT kept_report_edition_uq UNIQUE (kind, site_id, from_on, edition)
);
CREATE INDEX kept_report_from_ix ON kept_report (from_on, site_id);
CREATE TRIGGER kept_report_append_only BEFORE UPDATE OR DELETE ON kept_report FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER kept_report_no_truncate BEFORE TRUNCATE ON kept_report FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
