package drivertest

import (
	"slices"
	"testing"

	"github.com/patchbay-go/patchbay/registry"
)

// Run tries the target in a subtest for each behaviour that programs rely on; the name of the subtest says
// which. Subtests that need what the target lacks are skipped with the reason. Run must not be called while
// other tests run in parallel: it counts goroutines and open files.
func Run(t *testing.T, target Target) {
	t.Helper()
	target.complete(t)
	s := &suite{Target: target, info: target.Driver.Info(), registry: new(registry.Registry)}
	s.registry.Register(target.Driver)
	s.watchConfig(t)
	s.idle = check{t, s}.sessions()
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, b := range g.list {
				t.Run(b.says, func(t *testing.T) {
					for _, a := range b.needs {
						s.need(t, a)
					}
					b.check(check{t, s})
				})
			}
		})
	}
	t.Logf("%d texts of errors, events and configs searched for secrets", s.leaks.searched.Load())
}

// suite is one run.
type suite struct {
	Target
	info     registry.Info
	registry *registry.Registry
	leaks    leaks
	idle     int // connections that the server had before
}

// behaviour is one thing that programs rely on.
type behaviour struct {
	says  string
	check func(check)
	needs []Ability
}

// groups are in an order in which what fails first explains what fails later. Statements that are stopped come
// after the counting of connections, because a server may go on with them for a while.
var groups = []struct {
	name string
	list []behaviour
}{
	{"driver", driverBehaviours},
	{"opening", openBehaviours},
	{"statements", statementBehaviours},
	{"types", typeBehaviours},
	{"transactions", transactionBehaviours},
	{"failures", failureBehaviours},
	{"kinds", kindBehaviours},
	{"network", networkBehaviours},
	{"pool", poolBehaviours},
	{"closing", closingBehaviours},
	{"contexts", contextBehaviours},
	{"secrets", secretBehaviours},
}

func (s *suite) can(a Ability) bool { return s.Lacks[a] == "" }

func (s *suite) need(t *testing.T, a Ability) {
	t.Helper()
	if !s.can(a) {
		t.Skipf("the target lacks %s: %s", a, s.Lacks[a])
	}
}

// uses reports whether a field of the Config, named as in JSON, means something to the dialect.
func (s *suite) uses(field string) bool {
	return slices.Contains(s.Fields, field) || (field != "filename") == s.can(Network)
}
