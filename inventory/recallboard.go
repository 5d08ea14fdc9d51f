package inventory

// RecalledInSession is the packs of the clinic day $1 that a recall in force means,
// each with the first such recall, as a subquery with the columns id and
// recall_id. On most days no recall is in force, which is asked once before anything
// is read of the packs.
const RecalledInSession = `(SELECT u.id, min(u.recall_id) AS recall_id FROM (
    SELECT k.id, a.id AS recall_id FROM recall a JOIN pack k ON k.drug_id = a.drug_id AND (a.batch = '' OR a.batch = k.batch)
    WHERE a.lifted_at IS NULL AND k.session_id = $1::bigint
    UNION ALL
    SELECT k.id, a.id FROM recall a JOIN recall_code c ON c.recall_id = a.id JOIN pack k ON k.code = c.code
    WHERE a.lifted_at IS NULL AND k.session_id = $1::bigint) u
  WHERE EXISTS (SELECT 1 FROM recall o WHERE o.lifted_at IS NULL) GROUP BY u.id)`
