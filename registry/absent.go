package registry

import (
	"database/sql/driver"
	"runtime"
	"slices"
)

// absent stands for a driver whose package is imported, but was built without it.
type absent struct {
	dialect     string
	unsupported bool // the database module does not support this platform
}

// Absent returns what a driver package registers when it was built without its driver, so that a Lookup can tell
// what to do: its Connector fails with a [*MissingDriverError], and Linked leaves it out. platforms lists the
// GOOS/GOARCH pairs that the database module supports; none means all.
func Absent(dialect string, platforms ...string) Driver {
	here := runtime.GOOS + "/" + runtime.GOARCH
	return &absent{dialect, len(platforms) > 0 && !slices.Contains(platforms, here)}
}

// Info describes a dialect that comes with Patchbay; of any other it knows the name, which is the tag as well.
func (a *absent) Info() Info {
	if info, ok := Describe(a.dialect); ok {
		return info
	}
	return Info{Dialect: a.dialect, Tag: a.dialect}
}

func (a *absent) Connector(Config, Env) (driver.Connector, error) {
	info := a.Info()
	return nil, std.missing(&info)
}

func (*absent) Diagnose(error) Diagnosis { return Diagnosis{} }

func isAbsent(d Driver) bool {
	_, ok := d.(*absent)
	return ok
}
