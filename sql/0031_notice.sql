-- Notices (通知) of a session: what the pharmacist tells everybody in it.
CREATE TABLE session_notice (
  id          BIGSERIAL,
  session_id  bigint        NOT NULL,
  body        varchar(200)  NOT NULL,
  written_by  bigint        NOT NULL,
  written_at  timestamptz   NOT NULL,
  ended_by    bigint,
  ended_at    timestamptz,
  CONSTRAINT session_notice_pk PRIMARY KEY (id),
  CONSTRAINT session_notice_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT session_notice_staff_fk FOREIGN KEY (written_by) REFERENCES staff (id),
  CONSTRAINT session_notice_end_ck CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX session_notice_session_ix ON session_notice (session_id, id);

-- Who has read a notice, once each.
CREATE TABLE session_notice_seen (
  notice_id  bigint       NOT NULL,
  staff_id   bigint       NOT NULL,
  seen_at    timestamptz  NOT NULL,
  CONSTRAINT session_notice_seen_pk PRIMARY KEY (notice_id, staff_id),
  CONSTRAINT session_notice_seen_notice_fk FOREIGN KEY (notice_id) REFERENCES session_notice (id),
  CONSTRAINT session_notice_seen_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
);
CREATE TRIGGER session_notice_seen_append_only BEFORE UPDATE OR DELETE ON session_notice_seen FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER session_notice_seen_no_truncate BEFORE TRUNCATE ON session_notice_seen FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
