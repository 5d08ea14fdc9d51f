-- Certificates of persons (CA): who a certificate is, logging in by a QR code, the
-- second factor for the time without the CA, and signatures of records.

-- Which person of a certificate authority a member of staff is. person_code is the
-- authority's own number of the person and stays through renewals; the certificate's
-- columns follow the last one that was seen. mac is HMAC-SM3 over who is bound to
-- whom: a row written past the program is not believed.
CREATE TABLE ca_binding (
  id              BIGSERIAL,
  staff_id        bigint        NOT NULL,
  vendor          varchar(20)   NOT NULL,
  person_code     varchar(80)   NOT NULL,
  person_name     varchar(60)   NOT NULL,
  subject         varchar(300)  NOT NULL DEFAULT '',
  cert_sn         varchar(80)   NOT NULL DEFAULT '',
  thumbprint      varchar(64)   NOT NULL DEFAULT '',
  not_before      timestamptz,
  not_after       timestamptz,
  bound_by        bigint,
  bound_at        timestamptz   NOT NULL,
  renewed_at      timestamptz,
  unbound_by      bigint,
  unbound_at      timestamptz,
  mac             bytea         NOT NULL,
  CONSTRAINT ca_binding_pk PRIMARY KEY (id),
  CONSTRAINT ca_binding_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
);
CREATE UNIQUE INDEX ca_binding_person_uq ON ca_binding (vendor, person_code) WHERE unbound_at IS NULL;
CREATE UNIQUE INDEX ca_binding_staff_uq ON ca_binding (vendor, staff_id) WHERE unbound_at IS NULL;

-- A QR code that a browser shows and a phone confirms. The browser holds id.secret in
-- a cookie, the row only SM3(secret); the authority's own ticket and the challenge
-- that the phone signs are sealed.
CREATE TABLE ca_ticket (
  id           uuid          NOT NULL,
  secret_hash  bytea         NOT NULL,
  purpose      varchar(12)   NOT NULL,
  vendor       varchar(20)   NOT NULL,
  login_id     uuid,
  sealed       bytea         NOT NULL,
  state        varchar(12)   NOT NULL,
  why          text          NOT NULL DEFAULT '',
  staff_id     bigint,
  addr         varchar(64)   NOT NULL DEFAULT '',
  created_at   timestamptz   NOT NULL,
  expires_at   timestamptz   NOT NULL,
  asked_at     timestamptz   NOT NULL,
  ended_at     timestamptz,
  CONSTRAINT ca_ticket_pk PRIMARY KEY (id),
  CONSTRAINT ca_ticket_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
);
CREATE INDEX ca_ticket_created_ix ON ca_ticket (created_at);

-- What lets the server sign for a person for a while after the phone said yes; sealed.
CREATE TABLE ca_token (
  staff_id     bigint        NOT NULL,
  vendor       varchar(20)   NOT NULL,
  sealed       bytea         NOT NULL,
  obtained_at  timestamptz   NOT NULL,
  CONSTRAINT ca_token_pk PRIMARY KEY (staff_id),
  CONSTRAINT ca_token_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
);

-- The second factor: a sealed secret and the last step whose code was used, so that
-- no code is used twice.
CREATE TABLE totp (
  staff_id      bigint       NOT NULL,
  sealed        bytea        NOT NULL,
  last_step     bigint       NOT NULL DEFAULT 0,
  created_at    timestamptz  NOT NULL,
  confirmed_at  timestamptz,
  CONSTRAINT totp_pk PRIMARY KEY (staff_id),
  CONSTRAINT totp_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
);

-- Whether records are signed through a CA, one row.
CREATE TABLE signing_switch (
  id          integer      NOT NULL,
  vendor      varchar(20)  NOT NULL,
  active      boolean      NOT NULL,
  changed_at  timestamptz  NOT NULL,
  CONSTRAINT signing_switch_pk PRIMARY KEY (id),
  CONSTRAINT signing_switch_one_ck CHECK (id = 1)
);

-- A record, or the signed head of a session's chain, that a person is to sign through
-- the CA. number is the request's number there and stays the same for every try;
-- missed_at tells when it could first not be signed.
CREATE TABLE signature_task (
  id          BIGSERIAL,
  kind        varchar(8)   NOT NULL,
  session_id  bigint       NOT NULL,
  chain       varchar(12)  NOT NULL,
  seq         bigint       NOT NULL,
  staff_id    bigint       NOT NULL,
  number      uuid         NOT NULL,
  state       varchar(8)   NOT NULL,
  attempts    integer      NOT NULL DEFAULT 0,
  why         text         NOT NULL DEFAULT '',
  created_at  timestamptz  NOT NULL,
  next_at     timestamptz  NOT NULL,
  missed_at   timestamptz,
  signed_at   timestamptz,
  CONSTRAINT signature_task_pk PRIMARY KEY (id),
  CONSTRAINT signature_task_place_uq UNIQUE (kind, session_id, chain, seq),
  CONSTRAINT signature_task_number_uq UNIQUE (number),
  CONSTRAINT signature_task_chain_fk FOREIGN KEY (session_id, chain) REFERENCES record_chain (session_id, chain),
  CONSTRAINT signature_task_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id),
  CONSTRAINT signature_task_kind_ck CHECK (kind IN ('record', 'head')),
  CONSTRAINT signature_task_state_ck CHECK (state IN ('waiting', 'asked', 'signed'))
);
CREATE INDEX signature_task_due_ix ON signature_task (next_at) WHERE state <> 'signed';
CREATE INDEX signature_task_session_ix ON signature_task (session_id, state);

-- A signature with what proves it later.
CREATE TABLE signature_evidence (
  task_id        bigint        NOT NULL,
  vendor         varchar(20)   NOT NULL,
  person_code    varchar(80)   NOT NULL,
  algorithm      varchar(40)   NOT NULL,
  digest         bytea         NOT NULL,
  value          bytea         NOT NULL,
  certificate    bytea         NOT NULL,
  cert_sn        varchar(80)   NOT NULL,
  time_token     bytea,
  answer_digest  bytea         NOT NULL,
  late           boolean       NOT NULL,
  at             timestamptz   NOT NULL,
  CONSTRAINT signature_evidence_pk PRIMARY KEY (task_id),
  CONSTRAINT signature_evidence_task_fk FOREIGN KEY (task_id) REFERENCES signature_task (id)
);
CREATE TRIGGER signature_evidence_append_only BEFORE UPDATE OR DELETE ON signature_evidence FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER signature_evidence_no_truncate BEFORE TRUNCATE ON signature_evidence FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
