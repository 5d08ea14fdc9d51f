-- Totes that are no longer used, and what the trace of a tote needs.

-- retired_at: the label answers that it is not used any more. A retired tote
-- keeps its row, for its label and its acts are asked for later; its name is
-- free for another one. audit_name is the name under which the audit has what
-- was done to a tote before its acts were filed under its label.
ALTER TABLE tote ADD COLUMN retired_at timestamptz;
ALTER TABLE tote ADD COLUMN retired_by bigint;
ALTER TABLE tote ADD COLUMN audit_name varchar(40) NOT NULL DEFAULT '';
UPDATE tote SET audit_name = name;
ALTER TABLE tote DROP CONSTRAINT tote_name_uq;
CREATE UNIQUE INDEX tote_used_name_uq ON tote (name) WHERE retired_at IS NULL;
