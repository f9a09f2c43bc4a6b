package conn

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// checkRole returns what the server of a new connection is, and an error of KindRole where that is not what the config
// asks for. It asks the server only if it has to know.
func (c *connector) checkRole(ctx context.Context, dc driver.Conn, want Role) (Role, error) {
	query := c.driver.Info().RoleQuery
	if want == RoleAny || query == "" {
		return RoleAny, nil
	}
	value, err := queryOne(ctx, dc, query, c.args)
	if err != nil && ctx.Err() != nil {
		return RoleAny, err
	}
	if err != nil {
		return RoleAny, &endError{KindRole, fmt.Errorf("the server cannot tell its role: %w", err)}
	}
	is := RoleAny
	switch fmt.Sprint(value) {
	case "1", "true":
		is = RoleWriter
	case "0", "false":
		is = RoleReader
	default:
		return is, &endError{KindRole, fmt.Errorf("the server is not usable: asked for its role it answers %v", value)}
	}
	if want != RolePreferReader && is != want {
		return is, &endError{KindRole, fmt.Errorf("the server is a %v, not a %v", is, want)}
	}
	return is, nil
}
