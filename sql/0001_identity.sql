-- Who acts: sites, staff, roles, logins, replay of commands, audit.
-- The schema itself and the search path are set by the migrator.

-- Append-only tables refuse every change, whoever asks (the owner included):
-- the grants already leave UPDATE and DELETE out for the application.
CREATE FUNCTION refuse_change() RETURNS trigger AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'JF001';
END;
$$ LANGUAGE plpgsql;

-- One of the hospital's community sites (精防点).
CREATE TABLE site (
  id          BIGSERIAL,
  code        varchar(20)  NOT NULL,
  name        varchar(60)  NOT NULL,
  district    varchar(60)  NOT NULL,
  street      varchar(60)  NOT NULL DEFAULT '',
  address     text         NOT NULL DEFAULT '',
  clinic_day  integer      NOT NULL DEFAULT 0,
  active      boolean      NOT NULL DEFAULT true,
  created_at  timestamptz  NOT NULL,
  CONSTRAINT site_pk PRIMARY KEY (id),
  CONSTRAINT site_code_uq UNIQUE (code),
  CONSTRAINT site_clinic_day_ck CHECK (clinic_day BETWEEN 0 AND 31)
);

-- A named person. A user name is never reused: rows are never deleted.
CREATE TABLE staff (
  id                   BIGSERIAL,
  username             varchar(40)  NOT NULL,
  name                 varchar(60)  NOT NULL,
  password_hash        text         NOT NULL DEFAULT '',
  password_changed_at  timestamptz,
  must_change          boolean      NOT NULL DEFAULT true,
  disabled_at          timestamptz,
  last_login_at        timestamptz,
  created_at           timestamptz  NOT NULL,
  created_by           bigint,
  CONSTRAINT staff_pk PRIMARY KEY (id),
  CONSTRAINT staff_username_uq UNIQUE (username),
  CONSTRAINT staff_created_by_fk FOREIGN KEY (created_by) REFERENCES staff (id)
);

-- A role of a person at a site (no site: everywhere). mac is HMAC-SM3 over the
-- row (GB/T 39786 8.4 b): a row written past the program is not believed.
CREATE TABLE staff_role (
  id          BIGSERIAL,
  staff_id    bigint       NOT NULL,
  role_name   varchar(20)  NOT NULL,
  site_id     bigint,
  granted_by  bigint,
  granted_at  timestamptz  NOT NULL,
  revoked_by  bigint,
  revoked_at  timestamptz,
  mac         bytea        NOT NULL,
  CONSTRAINT staff_role_pk PRIMARY KEY (id),
  CONSTRAINT staff_role_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT staff_role_site_fk FOREIGN KEY (site_id) REFERENCES site (id)
);
CREATE UNIQUE INDEX staff_role_active_uq ON staff_role (staff_id, role_name, COALESCE(site_id, 0)) WHERE revoked_at IS NULL;

-- The last passwords, so that none of them comes back.
CREATE TABLE password_history (
  id             BIGSERIAL,
  staff_id       bigint       NOT NULL,
  password_hash  text         NOT NULL,
  at             timestamptz  NOT NULL,
  CONSTRAINT password_history_pk PRIMARY KEY (id),
  CONSTRAINT password_history_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
);
CREATE INDEX password_history_staff_ix ON password_history (staff_id, id);

-- Failed attempts by attempted name, known or not, so that both look alike.
-- The name is kept as an HMAC: people type passwords into the wrong field.
CREATE TABLE login_guard (
  name_index    bytea        NOT NULL,
  failures      integer      NOT NULL,
  locked_until  timestamptz,
  last_at       timestamptz  NOT NULL,
  CONSTRAINT login_guard_pk PRIMARY KEY (name_index)
);

-- One person's login on one browser. The cookie carries id.secret, this row
-- only SM3(secret).
CREATE TABLE login (
  id           uuid          NOT NULL,
  staff_id     bigint        NOT NULL,
  secret_hash  bytea         NOT NULL,
  how          varchar(20)   NOT NULL,
  addr         varchar(64)   NOT NULL DEFAULT '',
  device       varchar(200)  NOT NULL DEFAULT '',
  created_at   timestamptz   NOT NULL,
  seen_at      timestamptz   NOT NULL,
  expires_at   timestamptz   NOT NULL,
  locked_at    timestamptz,
  ended_at     timestamptz,
  ended_why    varchar(40)   NOT NULL DEFAULT '',
  CONSTRAINT login_pk PRIMARY KEY (id),
  CONSTRAINT login_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
);
CREATE INDEX login_staff_ix ON login (staff_id, created_at);

-- A command a screen sent: the first row of its transaction. A repeat returns
-- the first answer.
CREATE TABLE command (
  staff_id  bigint       NOT NULL,
  id        uuid         NOT NULL,
  kind      varchar(40)  NOT NULL,
  request   bytea        NOT NULL,
  answer    bytea,
  at        timestamptz  NOT NULL,
  CONSTRAINT command_pk PRIMARY KEY (staff_id, id)
);
CREATE INDEX command_at_ix ON command (at);

-- Heads of the audit chains: one per login, one per run of a server for what
-- happens without a login. They are updated; the rows below never are.
CREATE TABLE audit_chain (
  id          uuid         NOT NULL,
  kind        varchar(20)  NOT NULL,
  length      bigint       NOT NULL DEFAULT 0,
  digest      bytea        NOT NULL,
  opened_at   timestamptz  NOT NULL,
  changed_at  timestamptz  NOT NULL,
  CONSTRAINT audit_chain_pk PRIMARY KEY (id)
);
CREATE INDEX audit_chain_changed_ix ON audit_chain (changed_at);

-- Every act of every person. canonical is stored as it was hashed.
CREATE TABLE audit (
  id           BIGSERIAL,
  chain_id     uuid          NOT NULL,
  seq          bigint        NOT NULL,
  at           timestamptz   NOT NULL,
  staff_id     bigint,
  login_id     uuid,
  roles        varchar(200)  NOT NULL DEFAULT '',
  addr         varchar(64)   NOT NULL DEFAULT '',
  request_id   varchar(64)   NOT NULL DEFAULT '',
  event        varchar(60)   NOT NULL,
  outcome      varchar(20)   NOT NULL,
  object_kind  varchar(40)   NOT NULL DEFAULT '',
  object_id    varchar(120)  NOT NULL DEFAULT '',
  site_id      bigint,
  session_id   bigint,
  detail       text          NOT NULL DEFAULT '',
  canonical    bytea         NOT NULL,
  prev         bytea         NOT NULL,
  digest       bytea         NOT NULL,
  CONSTRAINT audit_pk PRIMARY KEY (id),
  CONSTRAINT audit_chain_seq_uq UNIQUE (chain_id, seq),
  CONSTRAINT audit_chain_fk FOREIGN KEY (chain_id) REFERENCES audit_chain (id)
);
CREATE INDEX audit_at_ix ON audit (at);
CREATE INDEX audit_staff_ix ON audit (staff_id, at);
CREATE INDEX audit_object_ix ON audit (object_kind, object_id);
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER password_history_append_only BEFORE UPDATE OR DELETE ON password_history FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER password_history_no_truncate BEFORE TRUNCATE ON password_history FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- An hourly SM2-signed statement of every chain's head and length that changed
-- since the one before, itself chained, so that a cut tail shows.
CREATE TABLE anchor (
  id         BIGSERIAL,
  seq        bigint       NOT NULL,
  at         timestamptz  NOT NULL,
  key_name   varchar(60)  NOT NULL,
  canonical  bytea        NOT NULL,
  prev       bytea        NOT NULL,
  digest     bytea        NOT NULL,
  signature  bytea        NOT NULL,
  CONSTRAINT anchor_pk PRIMARY KEY (id),
  CONSTRAINT anchor_seq_uq UNIQUE (seq)
);
CREATE TRIGGER anchor_append_only BEFORE UPDATE OR DELETE ON anchor FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER anchor_no_truncate BEFORE TRUNCATE ON anchor FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
