-- What the duty holder of a session has to look at: medicine that was given
-- although it should not have been, and what could not be written down as it
-- happened. An alarm stands on the board until the duty holder has settled it.
CREATE TABLE session_alarm (
  id          BIGSERIAL,
  session_id  bigint        NOT NULL,
  visit_id    uuid,
  kind        varchar(30)   NOT NULL,
  code        varchar(100)  NOT NULL DEFAULT '',
  drug        varchar(200)  NOT NULL DEFAULT '',
  sentence    varchar(300)  NOT NULL,
  raised_by   bigint,
  raised_at   timestamptz   NOT NULL,
  settled_by  bigint,
  settled_at  timestamptz,
  settlement  varchar(200)  NOT NULL DEFAULT '',
  CONSTRAINT session_alarm_pk PRIMARY KEY (id),
  CONSTRAINT session_alarm_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT session_alarm_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id)
);
CREATE INDEX session_alarm_session_ix ON session_alarm (session_id, id);
CREATE INDEX session_alarm_open_ix ON session_alarm (session_id) WHERE settled_at IS NULL;
