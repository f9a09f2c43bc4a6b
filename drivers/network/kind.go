package network

import "github.com/patchbay-go/patchbay/registry"

// Kind tells the kind of an error of the network or of TLS, however deeply it is wrapped, and KindUnknown for
// any other. Where an error joins several, such as one for each address of a host, a fault that trying again
// cannot mend wins.
//
// A driver asks its own table after certificates and before the rest:
//
//	kind := network.Kind(err)
//	if kind == registry.KindTLS {
//		return kind
//	}
//	// … the codes of the database; where there is none:
//	return kind
func Kind(err error) registry.Kind {
	for i := range faults {
		if faults[i].Of(err) {
			return faults[i].kind
		}
	}
	return registry.KindUnknown
}

// Advise returns what can be done about an error that has a [Kind] here, beyond what is usual for the kind;
// the zero Advice where that is nothing.
func Advise(err error) registry.Advice {
	for i := range faults {
		if row := &faults[i]; row.hint != "" && row.Of(err) {
			return registry.Advice{Hint: row.hint, Final: row.final}
		}
	}
	return registry.Advice{}
}
