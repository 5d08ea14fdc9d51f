package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"jingfang/integration"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// purposePerson is the key by which an ID number becomes the number of a person of
// the CA.
const purposePerson seal.Purpose = "identity.ca_person"

// caSource says how to reach the certificate authority; the zero value is none.
type caSource struct {
	vendor, url     string
	key             wire.Key
	trusted         []*seal.Certificate
	roles, otpRoles []identity.Role
	// says is what the mapping file tells of it; the zero value is as it is built in.
	says wire.CAStyle
	// demo shows beside a QR code where its phone is played.
	demo bool
}

// caOf reads the source from the configuration of serve, and names what is missing.
func caOf(c config) (caSource, error) {
	if c.CAURL == "" {
		if len(c.CARoles)+len(c.CAOtpRoles) > 0 {
			return caSource{}, usage("设了 -ca-roles 或 -ca-otp-roles，还须用 -ca-url 给出 CA 的接口地址。")
		}
		return caSource{}, nil
	}
	if c.CAApp == "" || c.CAKey == "" || c.CARoots == "" {
		return caSource{}, usage("设了 -ca-url，还须给出 -ca-app、-ca-roots 和 JINGFANG_CA_KEY（或 JINGFANG_CA_KEY_FILE）。")
	}
	s := caSource{vendor: c.CAVendor, url: c.CAURL}
	platform, err := readPlatform(c.Platform)
	if err != nil {
		return s, err
	}
	s.says, _ = platform.CA()
	if v := s.says.Vendor; v != "" && v != s.vendor {
		return s, usage("接口对照文件里 CA 的样式是 %s，-ca-vendor 却是 %s。请改成一致。", v, s.vendor)
	}
	if s.key, err = wire.NewKey(c.CAApp, []byte(c.CAKey)); err != nil {
		return s, usage("CA 的应用编号或签名密钥不合要求：%v", err)
	}
	if s.trusted, err = readRoots(c.CARoots); err != nil {
		return s, err
	}
	if s.roles, err = rolesOf("ca-roles", c.CARoles); err != nil {
		return s, err
	}
	s.otpRoles, err = rolesOf("ca-otp-roles", c.CAOtpRoles)
	return s, err
}

func readRoots(path string) ([]*seal.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("CA 的证书文件 %s 读不到。", path)
	}
	list, err := seal.ParseCertificatesPEM(text)
	if err != nil {
		return nil, usage("CA 的证书文件 %s 里没有可用的 SM2 证书（PEM）：%v", path, err)
	}
	return list, nil
}

func rolesOf(option string, names []string) ([]identity.Role, error) {
	var list []identity.Role
	for _, n := range names {
		r := identity.Role(n)
		if !r.Valid() {
			return nil, usage("-%s 里没有 %q 这个角色。", option, n)
		}
		list = append(list, r)
	}
	return list, nil
}

// openCA makes the client of a source.
func (a *app) openCA(from caSource) (identity.CA, error) {
	if from.url == "" {
		return identity.CA{}, nil
	}
	v, err := integration.NewCA(integration.CAConfig{Vendor: from.vendor, Style: from.says, BaseURL: from.url, Key: from.key, Trusted: from.trusted,
		Log: a.exchange, Index: a.personIndex})
	return identity.CA{Verifier: v, Trusted: from.trusted, Roles: from.roles, OtpRoles: from.otpRoles}, err
}

func (a *app) personIndex(idNumber string) (string, error) {
	index, err := seal.NewSealer(a.keys).Index(purposePerson, idNumber)
	if err != nil || len(index) < 20 {
		return "", errors.Join(err, errors.New("no ID number"))
	}
	return hex.EncodeToString(index[:20]), nil
}

// startCA turns the signing of records on or off, as configured.
func (a *app) startCA(ctx context.Context, from caSource) error {
	if err := a.sessions.SetSigning(ctx, from.vendorOn()); err != nil {
		return fmt.Errorf("CA signing: %w", err)
	}
	return nil
}

func (s caSource) vendorOn() string {
	if s.url == "" {
		return ""
	}
	return s.vendor
}

// reportCA says at the start whether the CA answers. It is no reason not to start.
func (a *app) reportCA(ctx context.Context, p *program, from caSource) {
	if from.url == "" {
		return
	}
	if err := a.persons.CheckCA(ctx); err != nil {
		p.say(p.out, "CA（%s，%s）没有通过检查：%s 扫码登录和签名会自动重试。", from.vendor, from.url, db.Sentence(err))
		return
	}
	p.say(p.out, "CA（%s，%s）已连通，信任 %d 张证书。", from.vendor, from.url, len(from.trusted))
}

// signRecords lets the CA sign what waits for it.
func (a *app) signRecords(ctx context.Context) error {
	n, err := a.sessions.SignDue(ctx, a.persons)
	if n > 0 {
		a.log.Info("records signed through the certificate authority", "records", n)
	}
	return err
}

// caFolder keeps the stand-in's authority, so that what it signed stays verifiable.
const caFolder = "ca-demo"

// keptAuthority takes the demo's authority up, or makes one.
func keptAuthority(data string) (*seal.Authority, error) {
	dir := filepath.Join(data, caFolder)
	certificate, err := os.ReadFile(filepath.Join(dir, "root.pem"))
	if err == nil {
		key, err := os.ReadFile(filepath.Join(dir, "root.key"))
		if err != nil {
			return nil, fmt.Errorf("key of the stand-in CA: %w", err)
		}
		return seal.LoadAuthority(certificate, key)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("certificate of the stand-in CA: %w", err)
	}
	return makeAuthority(dir)
}
