package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/embedded"
)

// stopTimeout bounds the end of the embedded database.
const stopTimeout = 30 * time.Second

// database is an open database with what has to end after it.
type database struct {
	*db.DB
	cluster *embedded.Cluster // nil unless the database is our own
}

// close ends the pool, then the cluster that this program has started.
func (d database) close() error {
	err := d.DB.Close()
	if d.cluster == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return errors.Join(err, d.cluster.Stop(ctx))
}

// openServer opens the database of serve: as the application's user only, with
// the schema of this very program.
func openServer(ctx context.Context, c config) (database, error) {
	if c.DSN == "" {
		return database{}, usage("请用 JINGFANG_DSN（或 JINGFANG_DSN_FILE）给出数据库连接串。只想看演示请运行 jingfang demo。")
	}
	d, err := db.Open(ctx, db.Config{DSN: c.DSN, MaxOpen: c.MaxOpen})
	if err != nil {
		return database{}, openFailed(err)
	}
	if err := fitToServe(ctx, d); err != nil {
		return database{}, errors.Join(err, d.Close())
	}
	return database{DB: d}, nil
}

// fitToServe refuses a schema of another version, and a user who owns the
// tables: grants would not hold it back from changing records.
func fitToServe(ctx context.Context, d *db.DB) error {
	if err := db.CheckSchema(ctx, d); err != nil {
		return err
	}
	owns, err := db.OwnsTables(ctx, d)
	if err != nil {
		return fmt.Errorf("ask who owns the tables: %w", err)
	}
	if owns {
		return db.Refuse(db.Denied, "数据库用户 %s 是表的所有者，不能用来运行服务：它能改动不可改动的记录。请另建一个用户，用 JINGFANG_OWNER_DSN 运行 jingfang migrate 给它授权，再把它写进 JINGFANG_DSN。", d.User())
	}
	return nil
}

func openFailed(err error) error {
	if db.KindOf(err) != db.Internal {
		return err
	}
	return db.RefuseBecause(err, db.Unavailable, "连不上数据库。请检查数据库是否在运行、连接串里的地址和密码是否正确。")
}

// openDemo starts the embedded cluster, unless a server is named, and migrates.
func openDemo(ctx context.Context, c config, progress io.Writer) (database, error) {
	if c.DSN != "" {
		if c.OwnerDSN != "" {
			if _, err := migrate(ctx, c.OwnerDSN, c.DSN); err != nil {
				return database{}, err
			}
		}
		return openServer(ctx, c)
	}
	if c.Data == "" {
		return database{}, usage("请用 -data 指定一个可以写入的文件夹。")
	}
	cluster, err := embedded.Start(ctx, embedded.Config{Dir: c.Data, Log: progress})
	if err != nil {
		return database{}, err
	}
	d, err := openCluster(ctx, c, cluster)
	if err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		return database{}, errors.Join(err, cluster.Stop(stop))
	}
	return database{d, cluster}, nil
}

func openCluster(ctx context.Context, c config, cluster *embedded.Cluster) (*db.DB, error) {
	app := cluster.AppDSN(db.DefaultSchema)
	if _, err := migrate(ctx, cluster.OwnerDSN(db.DefaultSchema), app); err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, db.Config{DSN: app, MaxOpen: c.MaxOpen})
	if err != nil {
		return nil, openFailed(err)
	}
	return d, nil
}

// openToRead opens the database that a tool looks at: the one JINGFANG_DSN
// names, or the one of a data folder, whether it runs or not.
func openToRead(ctx context.Context, c config, progress io.Writer) (database, error) {
	if c.DSN != "" {
		d, err := db.Open(ctx, db.Config{DSN: c.DSN})
		if err != nil {
			return database{}, openFailed(err)
		}
		if err := db.CheckSchema(ctx, d); err != nil {
			return database{}, errors.Join(err, d.Close())
		}
		return database{DB: d}, nil
	}
	cluster, err := embedded.Attach(c.Data)
	if errors.Is(err, embedded.ErrNotRunning) {
		if !hasCluster(c.Data) {
			return database{}, db.Refuse(db.NotFound, "文件夹 %s 里没有数据库。请用 -data 指定演示的数据文件夹，或设置 JINGFANG_DSN。", c.Data)
		}
		cluster, err = embedded.Start(ctx, embedded.Config{Dir: c.Data, Log: progress})
	}
	if err != nil {
		return database{}, err
	}
	d, err := db.Open(ctx, db.Config{DSN: cluster.AppDSN(db.DefaultSchema)})
	if err == nil {
		if err = db.CheckSchema(ctx, d); err == nil {
			return database{d, cluster}, nil
		}
		err = errors.Join(err, d.Close())
	}
	return database{}, errors.Join(openFailed(err), cluster.Stop(context.WithoutCancel(ctx)))
}

// migrate brings the schema up to date and grants the application's user its
// rights. It gives the number of migrations applied.
func migrate(ctx context.Context, ownerDSN, appDSN string) (int, error) {
	owner, err := db.Open(ctx, db.Config{DSN: ownerDSN, MaxOpen: 2, StatementTimeout: time.Hour})
	if err != nil {
		return 0, openFailed(err)
	}
	user, err := userOf(appDSN)
	if err != nil {
		return 0, errors.Join(err, owner.Close())
	}
	n, err := db.Migrate(ctx, owner, user)
	return n, errors.Join(err, owner.Close())
}
