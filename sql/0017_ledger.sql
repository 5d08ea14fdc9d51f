-- What the law asks of a class of drugs from a day on: how many days' usual
-- quantity a prescription may give without a stated reason (max_days; nothing
-- there is no limit), and how long the register is kept after the batch has
-- expired (keep_years; nothing is no register). The empty class is that of a
-- drug nobody has classed: it is held to what 精二 is held to. A correction is a
-- second row for the same day: the later row counts.
CREATE TABLE class_rule (
  id          BIGSERIAL,
  class       varchar(10)   NOT NULL,
  since_on    date          NOT NULL,
  max_days    integer,
  limit_law   varchar(300)  NOT NULL DEFAULT '',
  keep_years  integer,
  keep_law    varchar(300)  NOT NULL DEFAULT '',
  at          timestamptz   NOT NULL,
  staff_id    bigint,
  CONSTRAINT class_rule_pk PRIMARY KEY (id),
  CONSTRAINT class_rule_class_ck CHECK (class IN ('', '普', '精二', '精一', '麻', '毒')),
  CONSTRAINT class_rule_days_ck CHECK (max_days BETWEEN 1 AND 366),
  CONSTRAINT class_rule_years_ck CHECK (keep_years BETWEEN 1 AND 100)
);
CREATE INDEX class_rule_since_ix ON class_rule (class, since_on, id);
CREATE TRIGGER class_rule_append_only BEFORE UPDATE OR DELETE ON class_rule FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER class_rule_no_truncate BEFORE TRUNCATE ON class_rule FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();

INSERT INTO class_rule (class, since_on, max_days, limit_law, keep_years, keep_law, at) VALUES
  ('精二', '2007-05-01', 7, '处方管理办法：第二类精神药品一般每张处方不得超过7日常用量；慢性病或某些特殊情况可适当延长，医师应当注明理由。', 5, '麻醉药品和精神药品管理条例：专用账册自药品有效期期满之日起保存不少于5年。', '2007-05-01 00:00:00+08'),
  ('精一', '2007-05-01', 3, '处方管理办法：第一类精神药品注射剂一次常用量，控缓释制剂不得超过7日常用量，其他剂型不得超过3日常用量。', 5, '麻醉药品和精神药品管理条例：专用账册自药品有效期期满之日起保存不少于5年。', '2007-05-01 00:00:00+08'),
  ('麻', '2007-05-01', 3, '处方管理办法：麻醉药品注射剂一次常用量，控缓释制剂不得超过7日常用量，其他剂型不得超过3日常用量。', 5, '麻醉药品和精神药品管理条例：专用账册自药品有效期期满之日起保存不少于5年。', '2007-05-01 00:00:00+08'),
  ('', '2007-05-01', 7, '管理类别未知，按第二类精神药品从严：7日常用量，延长须注明理由。', 5, '管理类别未知，按第二类精神药品保存专用账册。', '2007-05-01 00:00:00+08');

-- Why a line gives more days than its class allows without a reason.
ALTER TABLE visit_line ADD COLUMN over_reason varchar(200) NOT NULL DEFAULT '';

-- Every check of the stock against its movements: what it found, or how it ended.
-- A night has one, whichever server makes it.
CREATE TABLE stock_check (
  id          BIGSERIAL,
  kind        varchar(10)   NOT NULL,
  for_day     date          NOT NULL,
  state       varchar(10)   NOT NULL,
  started_at  timestamptz   NOT NULL,
  started_by  bigint,
  ended_at    timestamptz,
  packs       bigint        NOT NULL DEFAULT 0,
  movements   bigint        NOT NULL DEFAULT 0,
  code        varchar(100)  NOT NULL DEFAULT '',
  problem     varchar(400)  NOT NULL DEFAULT '',
  CONSTRAINT stock_check_pk PRIMARY KEY (id),
  CONSTRAINT stock_check_kind_ck CHECK (kind IN ('nightly', 'asked')),
  CONSTRAINT stock_check_state_ck CHECK (state IN ('running', 'right', 'wrong', 'cancelled', 'failed'))
);
CREATE UNIQUE INDEX stock_check_night_uq ON stock_check (for_day) WHERE kind = 'nightly';

-- Ask-a-code by the last characters of a code, by a batch of any drug,
-- by the number of a receipt.
CREATE INDEX pack_tail_ix ON pack (right(code, 4));
CREATE INDEX pack_batch_text_ix ON pack (batch, drug_id);
CREATE INDEX receipt_number_ix ON receipt (number);
