-- The signed heads of a session's record chains: main once, when the session is
-- closed, the supplement after every record that is added to it.
CREATE TABLE session_head (
  session_id  bigint       NOT NULL,
  chain       varchar(12)  NOT NULL,
  length      bigint       NOT NULL,
  canonical   bytea        NOT NULL,
  signature   bytea        NOT NULL,
  key_name    varchar(64)  NOT NULL,
  at          timestamptz  NOT NULL,
  CONSTRAINT session_head_pk PRIMARY KEY (session_id, chain, length),
  CONSTRAINT session_head_chain_fk FOREIGN KEY (session_id, chain) REFERENCES record_chain (session_id, chain)
);
CREATE TRIGGER session_head_append_only BEFORE UPDATE OR DELETE ON session_head FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER session_head_no_truncate BEFORE TRUNCATE ON session_head FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

-- Where a drug's left-overs go, when not home to the pharmacy. The choice may be
-- made before the drug is counted.
CREATE TABLE closing_target (
  session_id  bigint       NOT NULL,
  drug_id     bigint       NOT NULL,
  to_id       bigint       NOT NULL,
  chosen_by   bigint       NOT NULL,
  chosen_at   timestamptz  NOT NULL,
  CONSTRAINT closing_target_pk PRIMARY KEY (session_id, drug_id),
  CONSTRAINT closing_target_session_fk FOREIGN KEY (session_id) REFERENCES clinic_session (id),
  CONSTRAINT closing_target_drug_fk FOREIGN KEY (drug_id) REFERENCES drug (id),
  CONSTRAINT closing_target_to_fk FOREIGN KEY (to_id) REFERENCES clinic_session (id)
);

-- Records that somebody else wrote in a doctor's name wait for the doctor.
CREATE INDEX record_late_ix ON record (doctor_id, id) WHERE recipe = 2 AND chain = 'main';
