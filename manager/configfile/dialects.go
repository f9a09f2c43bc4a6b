package configfile

import (
	"strings"

	"github.com/patchbay-go/patchbay/registry"
)

// dialects lists those that come with Patchbay for a message, each as write puts it.
func dialects(write func(registry.Info) string) string {
	var list []string
	for _, info := range registry.Known() {
		list = append(list, write(info))
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

// form is how a URL of the dialect starts: only one of servers has a host.
func form(info registry.Info) string {
	if info.Files {
		return info.Dialect + ":…"
	}
	return info.Dialect + "://…"
}
