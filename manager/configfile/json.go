package configfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// object reads a JSON object one level deep. Unlike json.Unmarshal it refuses a key that is given twice, and its
// errors quote nothing of the text.
func object(data []byte) (map[string]json.RawMessage, error) {
	var syntax *json.SyntaxError
	if err := json.Unmarshal(data, new(any)); errors.As(err, &syntax) {
		return nil, fmt.Errorf("is not valid JSON near line %d: check quotes, commas and brackets there", 1+bytes.Count(data[:syntax.Offset], []byte("\n")))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("is not an object: write names and values in it")
	}
	fields := make(map[string]json.RawMessage)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := key.(string) // the syntax has been checked: nothing else is a key
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%q is given twice: keep one of them", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		fields[name] = value
	}
	return fields, nil
}
