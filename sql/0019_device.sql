-- The devices at a session's tables, so that the evening knows of those which have
-- not sent everything. A row for each device and person; the device makes its id.
-- unsent is what it said last; open says that the page of the table was before the
-- person then. A release is the duty holder's word that nothing more will come,
-- and falls when the device is heard of again.
CREATE TABLE session_device (
  session_id     bigint        NOT NULL,
  device         uuid          NOT NULL,
  staff_id       bigint        NOT NULL,
  model          varchar(60)   NOT NULL DEFAULT '',
  unsent         integer       NOT NULL,
  at_table       boolean       NOT NULL,
  heard_at       timestamptz   NOT NULL,
  released_at    timestamptz,
  released_by    bigint,
  release_reason varchar(200)  NOT NULL DEFAULT '',
  CONSTRAINT session_device_pk PRIMARY KEY (session_id, device, staff_id),
  CONSTRAINT session_device_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT session_device_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT session_device_unsent_ck CHECK (unsent >= 0),
  CONSTRAINT session_device_release_ck CHECK (released_at IS NULL OR released_by IS NOT NULL)
);
