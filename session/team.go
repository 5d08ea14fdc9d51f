package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// TeamChange is the input of ChangeTeam: the whole team as it shall be.
type TeamChange struct {
	SessionID   int64
	CommandID   uuid.UUID
	Team        []Member
	DutyStaffID int64 // 0 takes the first pharmacist, then the first deputy
}

// ChangeTeam sets the team of a planned or open session. A doctor who is added
// has the table at once; one who has seen patients here stays a doctor of the
// team, because the records name them.
func (s *Service) ChangeTeam(ctx context.Context, by identity.Actor, in TeamChange) error {
	if _, err := s.may(ctx, by, identity.PlanSession, in.SessionID); err != nil {
		return err
	}
	p := Plan{Team: in.Team, DutyStaffID: in.DutyStaffID}
	if err := p.checkTeam(); err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "team", Request: in}
	_, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return true, s.changeTeam(ctx, tx, by, in.SessionID, p)
	})
	return err
}

func (s *Service) changeTeam(ctx context.Context, tx *db.Tx, by identity.Actor, id int64, p Plan) error {
	x, err := lock(ctx, tx, id, Planned, Open)
	if err != nil {
		return err
	}
	if err := keepsDoctors(ctx, tx, id, p.Team); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM session_team WHERE session_id = $1`, id); err != nil {
		return fmt.Errorf("clear team: %w", err)
	}
	if err := insertTeam(ctx, tx, id, p.Team); err != nil {
		return err
	}
	err = tx.ExecOne(ctx, `UPDATE clinic_session SET duty_staff_id = $2 WHERE id = $1`, id, p.DutyStaffID)
	if err != nil {
		return fmt.Errorf("set duty holder: %w", err)
	}
	detail := fmt.Sprintf("duty=%d team=", p.DutyStaffID)
	for _, m := range p.Team {
		detail += fmt.Sprintf("%d:%s ", m.StaffID, m.Part)
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "session.team", ObjectKind: "session", ObjectID: fmt.Sprint(id),
		SiteID: x.SiteID, SessionID: id, Detail: detail})
	if err != nil {
		return err
	}
	return s.hub.Touch(ctx, tx, id)
}

// keepsDoctors refuses a team without a doctor who has visits in the session.
func keepsDoctors(ctx context.Context, tx *db.Tx, id int64, team []Member) error {
	var doctors []int64
	for _, m := range team {
		if m.Part == PartDoctor {
			doctors = append(doctors, m.StaffID)
		}
	}
	var lost []string
	err := tx.Select(ctx, &lost, `SELECT DISTINCT f.name FROM visit v JOIN staff f ON f.id = v.doctor_id
WHERE v.session_id = $1::bigint AND v.state <> 'void' AND NOT v.doctor_id = ANY($2::bigint[]) ORDER BY f.name`, id, pq.Array(doctors))
	if err != nil {
		return fmt.Errorf("read doctors with visits: %w", err)
	}
	if len(lost) > 0 {
		return db.Refuse(db.Conflict, "%s 在本场已看过患者，要留在医生名单里。", lost[0])
	}
	return nil
}
