package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"
)

var (
	yamlTwice = regexp.MustCompile(`line (\d+): mapping key ("[^"]*") already defined`)
	yamlLine  = regexp.MustCompile(`line (\d+)`)
)

// yamlToJSON converts a YAML document, so that one parser checks both forms. Of the parser's error it keeps the
// line: the rest may quote a value.
func yamlToJSON(data []byte) ([]byte, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := d.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("is empty")
	}
	if err == nil && !errors.Is(d.Decode(new(yaml.Node)), io.EOF) {
		return nil, errors.New("holds more than one YAML document, or more after it that cannot be read: keep one document")
	}
	var out []byte
	if err == nil {
		asText(&doc)
		var tree any
		if err = doc.Decode(&tree); err == nil {
			out, err = json.Marshal(tree)
		}
	}
	if err == nil {
		return out, nil
	}
	if m := yamlTwice.FindStringSubmatch(err.Error()); m != nil {
		return nil, fmt.Errorf("%s is given twice, again in line %s: keep one of them", m[2], m[1])
	}
	where := ""
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		where = " near line " + m[1]
	}
	return nil, errors.New("is not valid YAML" + where + ": check the indentation, and put a value with special characters into quotes")
}

// asText makes texts of what JSON has no other form for: dates, and keys that look like something else.
func asText(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Kind == yaml.ScalarNode && child.ShortTag() != "!!merge" {
			child.Tag = "!!str"
		}
		asText(child)
	}
}
