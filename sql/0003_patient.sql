-- The registry of patients. ID number, phone and address are sealed
-- (SM4-GCM); the ID number is found again by its HMAC-SM3 index. Names stay
-- searchable in clear.
CREATE TABLE patient (
  id                BIGSERIAL,
  number            varchar(20)   NOT NULL,
  name              varchar(100)  NOT NULL,
  pinyin            varchar(200)  NOT NULL DEFAULT '',
  sex               varchar(1)    NOT NULL DEFAULT '',
  birth_on          date,
  home_site_id      bigint        NOT NULL,
  paper_kind        varchar(20)   NOT NULL DEFAULT 'none',
  paper_sealed      bytea,
  paper_index       bytea,
  phone_sealed      bytea,
  address_sealed    bytea,
  allergies         varchar(300)  NOT NULL DEFAULT '',
  state             varchar(20)   NOT NULL DEFAULT 'active',
  created_at        timestamptz   NOT NULL,
  created_by        bigint,
  changed_at        timestamptz   NOT NULL,
  CONSTRAINT patient_pk PRIMARY KEY (id),
  CONSTRAINT patient_number_uq UNIQUE (number),
  CONSTRAINT patient_home_site_fk FOREIGN KEY (home_site_id) REFERENCES site (id),
  CONSTRAINT patient_sex_ck CHECK (sex IN ('', 'M', 'F')),
  CONSTRAINT patient_state_ck CHECK (state IN ('active', 'moved', 'deceased', 'merged'))
);
CREATE UNIQUE INDEX patient_paper_uq ON patient (paper_index) WHERE paper_index IS NOT NULL;
CREATE INDEX patient_site_ix ON patient (home_site_id, name);
CREATE INDEX patient_name_ix ON patient (name);
CREATE INDEX patient_pinyin_ix ON patient (pinyin);

-- The QR label on the paper folder: a random token, so that a label says
-- nothing about the person and can be revoked when it is lost.
CREATE TABLE patient_label (
  token          varchar(40)  NOT NULL,
  patient_id     bigint       NOT NULL,
  issued_at      timestamptz  NOT NULL,
  issued_by      bigint,
  print_count    integer      NOT NULL DEFAULT 0,
  printed_at     timestamptz,
  revoked_at     timestamptz,
  revoked_by     bigint,
  CONSTRAINT patient_label_pk PRIMARY KEY (token),
  CONSTRAINT patient_label_patient_fk FOREIGN KEY (patient_id) REFERENCES patient (id)
);
CREATE INDEX patient_label_patient_ix ON patient_label (patient_id);
