-- lines counts the boxes, and parts of boxes, behind a sum of medicine, so that a
-- page of a list of them is found without reading all. The sums are made again.
ALTER TABLE drug_sum ADD COLUMN lines bigint NOT NULL DEFAULT 0;
DELETE FROM drug_sum;
DELETE FROM visit_sum;
DELETE FROM clinic_sum;
