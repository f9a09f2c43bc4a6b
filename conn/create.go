package conn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sethvargo/go-retry"
)

// CreateDatabase creates the database that cfg names, if it is missing. It is no error if it is there, also
// where another program has made it at the same moment. The user of cfg needs the right to create it only where it is missing; a
// dialect of files creates the file. The name is quoted as the dialect has it. The error is an [*Error]. The options
// are those of [Open].
func CreateDatabase(ctx context.Context, cfg Config, opts ...Option) error {
	o := newOptions(defaultName, opts)
	resolved := cfg
	d, err := o.registry.Resolve(&resolved)
	if err != nil {
		return o.fail(&Error{Name: o.name, Dialect: cfg.Dialect, Kind: KindConfig, Err: err})
	}
	cfg = resolved
	cfg.Pool, cfg.Lazy = Pool{Max: 1}, false
	cfg.Retry.Kinds = slices.DeleteFunc(slices.Clone(cfg.Retry.Kinds), func(k Kind) bool { return k == KindNoDatabase })
	if info := d.Info(); info.Files {
		return openAndClose(ctx, cfg, opts)
	} else if cfg.Database == "" {
		return o.fail(&Error{
			Name: o.name, Dialect: info.Dialect, Kind: KindConfig,
			Err: &ConfigError{Field: "database", Problem: "is empty", Cure: "name the database to create"},
		})
	}
	if err := openAndClose(ctx, cfg, opts); KindOf(err) != KindNoDatabase {
		return err
	}
	server, err := Open(ctx, cfg, slices.Concat(opts, []Option{ServerOnly()})...)
	if err != nil {
		return err
	}
	err = server.create(ctx, cfg.Database)
	return errors.Join(err, server.Close())
}

func openAndClose(ctx context.Context, cfg Config, opts []Option) error {
	c, err := Open(ctx, cfg, opts...)
	if err != nil {
		return err
	}
	return c.Close()
}

// create runs the statement, again while the database that new ones are copied from is in use.
func (c *Conn) create(ctx context.Context, name string) error {
	delays := retry.WithMaxRetries(5, retry.NewExponential(200*time.Millisecond))
	err := retry.Do(ctx, delays, func(ctx context.Context) error {
		_, err := c.ExecContext(ctx, "CREATE DATABASE "+c.Info().QuoteName(name))
		switch c.Diagnose(err).Kind {
		case KindExists, KindUnique: // another program was faster
			return nil
		case KindBusy:
			return retry.RetryableError(err)
		}
		return err
	})
	if err != nil {
		return c.pool.explain(fmt.Errorf("create the database: %w", err), 0)
	}
	return nil
}
