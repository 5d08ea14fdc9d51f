-- What a merge of two entries changed on the rosters of sessions to come, so that
-- undoing it on its day puts everything back: the line of the younger entry as it
-- was, and whether the older one was expected there already (kept).
CREATE TABLE merge_roster (
  merge_id    bigint       NOT NULL,
  session_id  bigint       NOT NULL,
  source      varchar(10)  NOT NULL,
  added_by    bigint,
  added_at    timestamptz  NOT NULL,
  kept        boolean      NOT NULL,
  CONSTRAINT merge_roster_pk PRIMARY KEY (merge_id, session_id),
  CONSTRAINT merge_roster_merge_fk FOREIGN KEY (merge_id) REFERENCES patient_merge (id),
  CONSTRAINT merge_roster_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id)
);
CREATE TRIGGER merge_roster_append_only BEFORE UPDATE OR DELETE ON merge_roster FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER merge_roster_no_truncate BEFORE TRUNCATE ON merge_roster FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
