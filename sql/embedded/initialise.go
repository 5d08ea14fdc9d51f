package embedded

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"

	"github.com/lib/pq"
)

// superRole is the cluster's first role; it only makes the other two.
const superRole = "postgres"

// roles are the passwords of the cluster's roles, kept in a file that only the
// program's user can read.
type roles struct {
	Super string `json:"super"`
	Owner string `json:"owner"`
	App   string `json:"app"`
}

// initialise makes the cluster's files on the first start.
func (c *Cluster) initialise(ctx context.Context) error {
	version, err := c.folder.dataVersion()
	if err != nil {
		return err
	}
	if version != 0 {
		return c.readRoles()
	}
	c.roles = roles{Super: rand.Text(), Owner: rand.Text(), App: rand.Text()}
	if err := c.writeRoles(); err != nil {
		return err
	}
	c.say("正在建立数据库文件（PostgreSQL %d，位于 %s）……", c.tools.major, c.folder.home)
	return c.initdb(ctx)
}

func (c *Cluster) readRoles() error {
	text, err := os.ReadFile(c.folder.rolesFile())
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("数据库口令文件 %s 不见了，无法登录原来的数据库。请恢复这个文件，或用 -data 指定另一个文件夹", c.folder.rolesFile())
	}
	if err != nil {
		return fmt.Errorf("无法读取数据库口令文件：%w", err)
	}
	if err := json.Unmarshal(text, &c.roles); err != nil {
		return fmt.Errorf("数据库口令文件 %s 已损坏：%w", c.folder.rolesFile(), err)
	}
	return nil
}

func (c *Cluster) writeRoles() error {
	text, err := json.Marshal(c.roles)
	if err != nil {
		return fmt.Errorf("无法生成数据库口令文件：%w", err)
	}
	if err := os.WriteFile(c.folder.rolesFile(), text, 0o600); err != nil {
		return fmt.Errorf("无法写入数据库口令文件：%w", err)
	}
	return nil
}

// initdb works in a second folder and renames it, so that a start which is
// killed half-way leaves nothing that looks like a cluster.
func (c *Cluster) initdb(ctx context.Context) error {
	fresh := c.folder.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("无法清理 %s：%w", fresh, err)
	}
	args := []string{"-D", fresh, "-U", superRole, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C",
		"--pwfile=/dev/stdin"}
	if c.fast {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, c.tools.path("initdb"), args...)
	c.folder.account.lend(cmd)
	password, err := c.passwordPipe()
	if err != nil {
		return err
	}
	defer password.Close()
	cmd.Stdin = password
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("建立数据库文件失败：%w\n%s", err, lastLines(string(out)))
	}
	if err := os.Rename(fresh, c.folder.data()); err != nil {
		return fmt.Errorf("无法启用新建的数据库文件：%w", err)
	}
	return nil
}

// passwordPipe holds the first role's password for initdb. A pipe leaves no
// file behind; initdb opens it by name, so it must belong to its account.
func (c *Cluster) passwordPipe() (*os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("无法把口令交给数据库：%w", err)
	}
	_, err = write.WriteString(c.roles.Super + "\n") // far less than the pipe holds
	if err == nil && c.folder.account.foreign {
		err = read.Chown(c.folder.account.uid, c.folder.account.gid)
	}
	if err = errors.Join(err, write.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("无法把口令交给数据库：%w", err), read.Close())
	}
	return read, nil
}

// bootstrap makes the two roles and the database where they are missing. It
// runs at every start, so a first start that was killed is finished by the next.
func (c *Cluster) bootstrap(ctx context.Context) error {
	err := c.asSuper("template1", func(db *sql.DB) error { return createAll(ctx, db, c.roles) })
	if err != nil {
		return err
	}
	return c.asSuper(Database, func(db *sql.DB) error {
		// Before version 15 everybody may create in public.
		_, err := db.ExecContext(ctx, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
		return err
	})
}

// asSuper runs do as the cluster's first role.
func (c *Cluster) asSuper(database string, do func(db *sql.DB) error) error {
	connector, err := pq.NewConnector(c.dsn(superRole, c.roles.Super, database, ""))
	if err != nil {
		return fmt.Errorf("无法连接刚启动的数据库：%w", err)
	}
	db := sql.OpenDB(connector)
	if err = do(db); err != nil {
		err = fmt.Errorf("无法准备数据库的用户：%w", err)
	}
	return errors.Join(err, db.Close())
}

func createAll(ctx context.Context, db *sql.DB, r roles) error {
	err := createMissing(ctx, db, "SELECT count(*) FROM pg_roles WHERE rolname = $1::text", OwnerRole,
		"CREATE ROLE jingfang_owner LOGIN PASSWORD "+pq.QuoteLiteral(r.Owner))
	if err != nil {
		return err
	}
	err = createMissing(ctx, db, "SELECT count(*) FROM pg_roles WHERE rolname = $1::text", AppRole,
		"CREATE ROLE jingfang_app LOGIN PASSWORD "+pq.QuoteLiteral(r.App))
	if err != nil {
		return err
	}
	// initdb has just made an empty database in our encoding and locale: a new
	// name for it costs nothing, a second one half a second.
	err = createMissing(ctx, db, "SELECT count(*) FROM pg_database WHERE datname = $1::text", Database,
		"ALTER DATABASE postgres RENAME TO jingfang")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "ALTER DATABASE jingfang OWNER TO jingfang_owner; "+
		"REVOKE ALL ON DATABASE jingfang FROM PUBLIC; GRANT CONNECT ON DATABASE jingfang TO jingfang_app")
	if err != nil {
		return fmt.Errorf("hand over %s: %w", Database, err)
	}
	return nil
}

func createMissing(ctx context.Context, db *sql.DB, find, name, create string) error {
	var n int
	if err := db.QueryRowContext(ctx, find, name).Scan(&n); err != nil {
		return fmt.Errorf("look for %s: %w", name, err)
	}
	if n > 0 {
		return nil
	}
	if _, err := db.ExecContext(ctx, create); err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	return nil
}
