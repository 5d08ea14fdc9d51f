package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// found prints the first thing that is wrong and ends the program with 1.
func (p *program) found(what string) error {
	p.say(p.err, "有误：%s", what)
	return errSaid
}

// reading opens the database of a tool, runs do and closes it again.
func reading(ctx context.Context, p *program, c config, do func(d *db.DB) error) (err error) {
	d, err := openToRead(ctx, c, p.err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	return do(d.DB)
}

// publicKeys gives the server's public keys, which prove the anchors. A tool
// never makes keys.
func publicKeys(c config) (*seal.KeyDir, error) {
	dir := filepath.Join(c.Data, "keys")
	keys, err := seal.LoadKeyDir(dir)
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "读不到密钥文件夹 %s，无法核对签名。请用 -data 指定服务器的数据文件夹。", dir)
	}
	return keys, nil
}

// runVerifyRecords checks every chain of visit records and the signed heads of
// closed sessions; for these it needs the server's public keys.
func runVerifyRecords(ctx context.Context, p *program, c config) error {
	return reading(ctx, p, c, func(d *db.DB) error {
		report, err := session.VerifyRecords(ctx, d, 0)
		if err != nil {
			return err
		}
		if report.Problem != "" {
			return p.found(report.Problem)
		}
		p.say(p.out, "就诊记录完整：%d 条链，%d 条记录，没有发现改动。", report.Chains, report.Records)
		if err := verifyHeads(ctx, p, c, d); err != nil {
			return err
		}
		return verifySignatures(ctx, p, c, d)
	})
}

// verifySignatures checks the signatures made through a CA. The issuer is checked
// where its certificates are given, or are the demo's.
func verifySignatures(ctx context.Context, p *program, c config, d *db.DB) error {
	path := c.CARoots
	if kept := filepath.Join(c.Data, caFolder, "root.pem"); path == "" && fileIsThere(kept) {
		path = kept
	}
	var trusted []*seal.Certificate
	var err error
	if path != "" {
		if trusted, err = readRoots(path); err != nil {
			return err
		}
	}
	report, err := session.VerifySignatures(ctx, d, 0, trusted)
	if err != nil {
		return err
	}
	switch {
	case report.Problem != "":
		return p.found(report.Problem)
	case report.Records == 0:
	case path == "":
		p.say(p.out, "CA 签名 %d 个，签名都正确；没有给出 -ca-roots，未核对证书的签发者。%s", report.Records, stampsText(report))
	default:
		p.say(p.out, "CA 签名 %d 个，签名、证书和签发者都正确。%s", report.Records, stampsText(report))
	}
	return nil
}

// stampsText says what is known of the time stamps.
func stampsText(r session.SignatureReport) string {
	text := fmt.Sprintf("时间戳 %d 个，内容、签名和时间都正确", r.Stamped)
	if r.Unjudged > 0 {
		text += fmt.Sprintf("；另有 %d 个不是 SM2/SM3 算法，未核对", r.Unjudged)
	}
	if without := r.Records - r.Stamped - r.Unjudged; without > 0 {
		text += fmt.Sprintf("；%d 个签名没有时间戳", without)
	}
	return text + "。"
}

func fileIsThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func verifyHeads(ctx context.Context, p *program, c config, d *db.DB) error {
	var signed int
	if err := d.Get(ctx, &signed, `SELECT count(*) FROM session_head`); err != nil || signed == 0 {
		return err
	}
	keys, err := publicKeys(c)
	if err != nil {
		return err
	}
	heads, err := session.VerifyHeads(ctx, d, 0, keys.PublicKey)
	if err != nil {
		return err
	}
	if heads.Problem != "" {
		return p.found(heads.Problem)
	}
	p.say(p.out, "签名链头 %d 个，SM2 签名和所在位置都正确。", heads.Chains)
	return nil
}

// runVerifyAudit checks the audit's chains and every signed anchor, also what
// the anchors say of the records and of the transfer log.
func runVerifyAudit(ctx context.Context, p *program, c config) error {
	keys, err := publicKeys(c)
	if err != nil {
		return err
	}
	return reading(ctx, p, c, func(d *db.DB) error {
		var rows, anchors identity.Report
		err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			if rows, err = identity.VerifyAudit(ctx, tx); err != nil || rows.Broken != nil {
				return err
			}
			anchors, err = identity.VerifyAnchors(ctx, tx, keys.PublicKey, lookup(tx))
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range []identity.Report{rows, anchors} {
			if r.Broken != nil {
				return p.found(r.Broken.String())
			}
		}
		p.say(p.out, "审计完整：%d 条链，%d 条记录；%d 个签名锚点记着的 %d 处链头都在原处。", rows.Chains, rows.Rows, anchors.Chains, anchors.Rows)
		return nil
	})
}

// runVerifyTransferLog checks the log by itself and against the anchors.
func runVerifyTransferLog(ctx context.Context, p *program, c config) error {
	keys, err := publicKeys(c)
	if err != nil {
		return err
	}
	return reading(ctx, p, c, func(d *db.DB) error {
		anchored, err := anchoredLogs(ctx, d, keys)
		if db.KindOf(err) == db.Conflict {
			return p.found(db.Sentence(err))
		}
		if err != nil {
			return err
		}
		report, err := translog.Verify(ctx, d, translog.Checks{Anchored: anchored})
		if err != nil {
			return err
		}
		for _, x := range report.Problems {
			return p.found(x.Sentence)
		}
		p.say(p.out, "传输日志完整：%d 个写入方，%d 条，没有结果的交换 %d 个，核对锚点 %d 处，没有发现改动。",
			report.Writers, report.Entries, report.Open, len(anchored))
		return nil
	})
}

// anchoredLogs are the places in the transfer log that signed anchors name. The
// anchors are verified on the way; what does not stand where they say, the cut
// tail of a chain as well, is a Conflict.
func anchoredLogs(ctx context.Context, d *db.DB, keys *seal.KeyDir) ([]translog.Head, error) {
	var heads []translog.Head
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		find := lookup(tx)
		report, err := identity.VerifyAnchors(ctx, tx, keys.PublicKey,
			func(ctx context.Context, name string, length int64) (seal.Digest, bool, error) {
				digest, there, err := find(ctx, name, length)
				if writer, ok := logWriter(name); ok && there {
					heads = append(heads, translog.Head{Writer: writer, Length: length, Digest: digest})
				}
				return digest, there, err
			})
		if err != nil || report.Broken == nil {
			return err
		}
		return db.Refuse(db.Conflict, "%s", report.Broken.String())
	})
	return heads, err
}

// logWriter is the writer that an anchor's head of the transfer log belongs to.
func logWriter(name string) (uuid.UUID, bool) {
	text, ok := strings.CutPrefix(name, translogPrefix)
	id, err := uuid.Parse(text)
	return id, ok && err == nil
}
