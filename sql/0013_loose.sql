-- Medicine that is given by quantity: a code of the table that waits for its
-- number. units is what was asked for and was more than the box had, typed that
-- the code was found by its end.
ALTER TABLE visit_refusal ADD COLUMN units integer NOT NULL DEFAULT 0;
ALTER TABLE visit_refusal ADD COLUMN typed boolean NOT NULL DEFAULT false;
ALTER TABLE visit_refusal ADD CONSTRAINT visit_refusal_units_ck CHECK (units >= 0);
