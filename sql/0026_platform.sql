-- What the hospital's systems tell us of the drug dictionary, and what they are
-- told of dispensing.

-- A difference between the drug dictionary of HIS and ours. A new drug is taken
-- in at once and noted here; a change of a drug that is known waits for a person.
-- entry is what HIS said, words the differences as a person reads them.
CREATE TABLE drug_proposal (
  id          BIGSERIAL,
  his_code    varchar(40)    NOT NULL,
  kind        varchar(10)    NOT NULL,
  entry       text           NOT NULL,
  words       varchar(1000)  NOT NULL,
  state       varchar(10)    NOT NULL,
  first_at    timestamptz    NOT NULL,
  last_at     timestamptz    NOT NULL,
  decided_at  timestamptz,
  decided_by  bigint,
  reason      varchar(100)   NOT NULL DEFAULT '',
  CONSTRAINT drug_proposal_pk PRIMARY KEY (id),
  CONSTRAINT drug_proposal_kind_ck CHECK (kind IN ('new', 'changed')),
  CONSTRAINT drug_proposal_state_ck CHECK (state IN ('noted', 'open', 'accepted', 'refused', 'overtaken'))
);
CREATE UNIQUE INDEX drug_proposal_open_uq ON drug_proposal (his_code) WHERE state = 'open';
CREATE INDEX drug_proposal_last_ix ON drug_proposal (last_at);

-- Who pays for what is handed out: the line's own word, else that of the
-- programme of the session's site, else that of the programme of all sites
-- (site_id 0). Programmes are dated by their order: the newest row counts.
ALTER TABLE visit_line ADD COLUMN payer varchar(10) NOT NULL DEFAULT '';
CREATE TABLE programme (
  id         BIGSERIAL,
  name       varchar(60)  NOT NULL,
  site_id    bigint       NOT NULL DEFAULT 0,
  payer      varchar(10)  NOT NULL,
  at         timestamptz  NOT NULL,
  by_staff   bigint       NOT NULL,
  CONSTRAINT programme_pk PRIMARY KEY (id),
  CONSTRAINT programme_payer_ck CHECK (payer IN ('free', 'insured', 'self'))
);
CREATE INDEX programme_site_ix ON programme (site_id, id);
CREATE TRIGGER programme_append_only BEFORE UPDATE OR DELETE ON programme FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER programme_no_truncate BEFORE TRUNCATE ON programme FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- Whether dispensing facts are written at all. No row is off.
CREATE TABLE outbox_switch (
  channel     varchar(20)  NOT NULL,
  active      boolean      NOT NULL,
  changed_at  timestamptz  NOT NULL,
  changed_by  bigint       NOT NULL,
  CONSTRAINT outbox_switch_pk PRIMARY KEY (channel)
);

-- One fact that another system should hear: a line was handed out (sale), or one
-- that had been told turned out to be wrong (reversal). Facts are written in the
-- transaction of the visit's record. Only the columns of the delivery change.
-- sending is a call on its way; found by another run it is unknown.
CREATE TABLE outbox_fact (
  id            BIGSERIAL,
  fact          uuid          NOT NULL,
  kind          varchar(10)   NOT NULL,
  reverses      bigint,
  session_id    bigint        NOT NULL,
  visit_id      uuid          NOT NULL,
  line_id       bigint        NOT NULL,
  pack_id       bigint        NOT NULL,
  quantity      integer       NOT NULL,
  payer         varchar(10)   NOT NULL,
  happened_at   timestamptz   NOT NULL,
  written_at    timestamptz   NOT NULL,
  state         varchar(10)   NOT NULL DEFAULT 'waiting',
  tries         integer       NOT NULL DEFAULT 0,
  next_at       timestamptz   NOT NULL,
  last_try_at   timestamptz,
  settled_at    timestamptz,
  remote_number varchar(60)   NOT NULL DEFAULT '',
  last_error    varchar(400)  NOT NULL DEFAULT '',
  CONSTRAINT outbox_fact_pk PRIMARY KEY (id),
  CONSTRAINT outbox_fact_uq UNIQUE (fact),
  CONSTRAINT outbox_fact_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT outbox_fact_pack_fk FOREIGN KEY (pack_id) REFERENCES pack (id),
  CONSTRAINT outbox_fact_reverses_fk FOREIGN KEY (reverses) REFERENCES outbox_fact (id),
  CONSTRAINT outbox_fact_kind_ck CHECK (kind IN ('sale', 'reversal')),
  CONSTRAINT outbox_fact_reverses_ck CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
  CONSTRAINT outbox_fact_quantity_ck CHECK (quantity > 0),
  CONSTRAINT outbox_fact_payer_ck CHECK (payer IN ('free', 'insured', 'self')),
  CONSTRAINT outbox_fact_state_ck CHECK (state IN ('waiting', 'sending', 'sent', 'unknown', 'failed', 'withdrawn'))
);
CREATE UNIQUE INDEX outbox_fact_reverses_uq ON outbox_fact (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX outbox_fact_visit_ix ON outbox_fact (visit_id);
CREATE INDEX outbox_fact_open_ix ON outbox_fact (state, next_at) WHERE state IN ('waiting', 'sending', 'unknown', 'failed');

-- How many documents HIS said are still behind those that were fetched.
ALTER TABLE pull_position ADD COLUMN waiting integer NOT NULL DEFAULT 0;
CREATE INDEX outbox_fact_sent_ix ON outbox_fact (settled_at) WHERE state = 'sent';
