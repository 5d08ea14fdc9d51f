-- The version of a clinic session's board: raised inside every transaction
-- that changes what a screen shows, polled by every server that has viewers.
CREATE TABLE session_version (
  session_id  bigint       NOT NULL,
  version     bigint       NOT NULL,
  changed_at  timestamptz  NOT NULL,
  CONSTRAINT session_version_pk PRIMARY KEY (session_id)
);
