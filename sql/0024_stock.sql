-- Medicine may be owed in loose units, of a drug that is given by quantity, beside
-- whole packs or instead of them.
ALTER TABLE owed_medicine ADD COLUMN units integer NOT NULL DEFAULT 0;
ALTER TABLE owed_medicine DROP CONSTRAINT owed_medicine_packs_ck;
ALTER TABLE owed_medicine ADD CONSTRAINT owed_medicine_amount_ck CHECK (packs >= 0 AND units >= 0 AND packs + units > 0);

-- What was made up of it at a visit, in smallest units. What is owed still is the
-- amount of the row less the sum of these; settled_at is written with the last.
CREATE TABLE owed_settlement (
  id        BIGSERIAL,
  owed_id   bigint       NOT NULL,
  visit_id  uuid         NOT NULL,
  units     bigint       NOT NULL,
  staff_id  bigint       NOT NULL,
  at        timestamptz  NOT NULL,
  CONSTRAINT owed_settlement_pk PRIMARY KEY (id),
  CONSTRAINT owed_settlement_owed_fk FOREIGN KEY (owed_id) REFERENCES owed_medicine (id),
  CONSTRAINT owed_settlement_visit_fk FOREIGN KEY (visit_id) REFERENCES visit (id),
  CONSTRAINT owed_settlement_units_ck CHECK (units > 0)
);
CREATE INDEX owed_settlement_owed_ix ON owed_settlement (owed_id);
CREATE INDEX owed_settlement_visit_ix ON owed_settlement (visit_id);
CREATE TRIGGER owed_settlement_append_only BEFORE UPDATE OR DELETE ON owed_settlement FOR EACH ROW EXECUTE PROCEDURE refuse_change();
CREATE TRIGGER owed_settlement_no_truncate BEFORE TRUNCATE ON owed_settlement FOR EACH STATEMENT EXECUTE PROCEDURE refuse_change();
