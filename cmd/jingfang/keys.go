package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// keysFor opens the keys that belong to a database. Fresh ones are made only
// where nobody has an account yet: a folder that was mistyped, or a backup
// restored without its keys, must not begin a second set.
func keysFor(ctx context.Context, data string, d *db.DB) (*seal.KeyDir, error) {
	var used bool
	if err := d.Get(ctx, &used, `SELECT EXISTS (SELECT 1 FROM staff)`); err != nil {
		return nil, fmt.Errorf("look whether the database is in use: %w", err)
	}
	if !used || data == "" {
		return openKeys(data)
	}
	dir := filepath.Join(data, "keys")
	keys, err := seal.LoadKeyDir(dir)
	if errors.Is(err, seal.ErrKeyMissing) {
		return nil, db.RefuseBecause(err, db.Invalid, "数据库里已经有账号，密钥文件夹 %s 里却没有它的密钥。请用 -data 指定原来的数据文件夹，"+
			"或从备份放回其中的 keys。没有原来的密钥，密码、角色和患者的加密信息都打不开。", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("密钥文件夹 %s 无法使用：%w", dir, err)
	}
	return keys, nil
}
