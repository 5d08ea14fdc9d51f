-- What each clinic session of a finished day comes to: who was expected and came,
-- the visits of every doctor, the medicine of every doctor. A worker makes the
-- rows from rosters, visits and their lines, and can make them again at any time;
-- the check of the stock does so and compares. made_of is the session's version
-- when it was summed: a session that has changed since has another one, and is
-- read from its visits until it is summed again.
CREATE TABLE clinic_sum (
  session_id  bigint       NOT NULL,
  made_of     bigint       NOT NULL,
  made_at     timestamptz  NOT NULL,
  expected    bigint       NOT NULL,
  came        bigint       NOT NULL,
  CONSTRAINT clinic_sum_pk PRIMARY KEY (session_id)
);

-- fresh counts first visits, bare those that ended without medicine, timed those
-- whose length is known, seconds how long these took. Doctor 0 is nobody.
CREATE TABLE visit_sum (
  session_id  bigint  NOT NULL,
  doctor_id   bigint  NOT NULL,
  visits      bigint  NOT NULL,
  fresh       bigint  NOT NULL,
  bare        bigint  NOT NULL,
  timed       bigint  NOT NULL,
  seconds     bigint  NOT NULL,
  CONSTRAINT visit_sum_pk PRIMARY KEY (session_id, doctor_id)
);

-- visits counts those that were given the drug; whole counts full boxes, loose the
-- units of opened ones, units all of it in smallest units.
CREATE TABLE drug_sum (
  session_id  bigint  NOT NULL,
  doctor_id   bigint  NOT NULL,
  drug_id     bigint  NOT NULL,
  visits      bigint  NOT NULL,
  whole       bigint  NOT NULL,
  loose       bigint  NOT NULL,
  units       bigint  NOT NULL,
  CONSTRAINT drug_sum_pk PRIMARY KEY (session_id, doctor_id, drug_id)
);

-- The filter a person chose last on a page of statistics, as its address has it,
-- without dates.
CREATE TABLE filter_choice (
  staff_id    bigint        NOT NULL,
  page_name   varchar(40)   NOT NULL,
  query       varchar(400)  NOT NULL,
  changed_at  timestamptz   NOT NULL,
  CONSTRAINT filter_choice_pk PRIMARY KEY (staff_id, page_name),
  CONSTRAINT filter_choice_staff_fk FOREIGN KEY (staff_id) REFERENCES staff (id)
);
