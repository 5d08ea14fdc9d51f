-- The papers that were handed out, so that a paper that comes back can be told from
-- one that never was: the text of its QR code, what of it names the paper, and the
-- digest of what it says, with the digits of it that stand on the paper. Site 0 is a
-- paper that is of no one site.
CREATE TABLE issued_paper (
  id       BIGSERIAL,
  code     varchar(300) NOT NULL,
  name     varchar(300) NOT NULL,
  digest   varchar(64)  NOT NULL,
  shown    varchar(32)  NOT NULL,
  title    varchar(300) NOT NULL,
  site_id  bigint       NOT NULL,
  taken_by bigint       NOT NULL,
  at       timestamptz  NOT NULL,
  CONSTRAINT issued_paper_pk PRIMARY KEY (id),
  CONSTRAINT issued_paper_taker_fk FOREIGN KEY (taken_by) REFERENCES staff (id)
);
CREATE INDEX issued_paper_name_ix ON issued_paper (name, id);
CREATE INDEX issued_paper_shown_ix ON issued_paper (shown, id);
CREATE TRIGGER issued_paper_append_only BEFORE UPDATE OR DELETE ON issued_paper FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER issued_paper_no_truncate BEFORE TRUNCATE ON issued_paper FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
