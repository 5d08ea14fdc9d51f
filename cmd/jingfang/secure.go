package main

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"sync/atomic"
	"time"

	"jingfang/sql/db"
)

// security is how a server's address is protected: nothing on a loopback
// address, the hospital's certificate, or one of our own authority.
type security struct {
	// config is nil for plain HTTP.
	config *tls.Config
	// authority is nil unless the certificate is our own.
	authority *authority
	// renew looks whether the certificate must be replaced; nil: nothing to do.
	renew func(now time.Time) error
}

// secure decides the protection of a listening address.
func secure(c config, addr net.Addr, now time.Time) (security, error) {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return security{}, usage("-tls-cert 和 -tls-key 须同时给出。")
	case c.FrontHTTPS && !isLoopback(addr):
		return security{}, usage("-front-https 只能和本机地址一起用：负载均衡到本程序之间也须加密。请把 -addr 设为 127.0.0.1:端口，或去掉 -front-https。")
	case c.TLSCert != "":
		return ownCertificate(c)
	case isLoopback(addr):
		return security{}, nil
	}
	return madeCertificate(c, addr, now)
}

// ownCertificate serves the hospital's files and reads them again when they
// have been replaced.
func ownCertificate(c config) (security, error) {
	var current atomic.Pointer[tls.Certificate]
	load := func(time.Time) error {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return db.RefuseBecause(err, db.Invalid, "证书或私钥文件无法使用，请核对 -tls-cert 和 -tls-key 是否是一对 PEM 文件。")
		}
		current.Store(&pair)
		return nil
	}
	err := load(time.Time{})
	return security{config: tlsConfig(&current), renew: load}, err
}

func madeCertificate(c config, addr net.Addr, now time.Time) (security, error) {
	if c.Data == "" {
		return security{}, usage("请用 -data 指定数据文件夹，自制证书要存放在那里。")
	}
	a, err := openAuthority(filepath.Join(c.Data, "tls"), now)
	if err != nil {
		return security{}, err
	}
	var current atomic.Pointer[tls.Certificate]
	renew := func(now time.Time) error {
		hosts, err := hostsOf(addr, c.Hosts)
		if err != nil {
			return err
		}
		pair, err := a.leaf(hosts, now)
		if err == nil {
			current.Store(pair)
		}
		return err
	}
	err = renew(now)
	return security{config: tlsConfig(&current), authority: a, renew: renew}, err
}

func tlsConfig(current *atomic.Pointer[tls.Certificate]) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return current.Load(), nil
		},
	}
}
