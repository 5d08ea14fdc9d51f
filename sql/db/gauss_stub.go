package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
)

func gaussConnector(string) (driver.Connector, error) {
	return nil, Refuse(Invalid, "本程序还不能登录 openGauss。")
}

func checkGauss(context.Context, *sql.DB) error { return nil }
