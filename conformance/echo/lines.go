package main

import (
	"fmt"
	"slices"
	"strings"
)

// lines are what a server tells and a client prints.
type lines struct {
	text strings.Builder
}

func (all *lines) add(name string, value any) {
	fmt.Fprintf(&all.text, "%s=%v\n", name, value)
}

// addHeaders adds a line a value, in the order of the names.
func (all *lines) addHeaders(name string, headers map[string][]string) {
	keys := make([]string, 0, len(headers))
	for key := range headers {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		for _, value := range headers[key] {
			all.add(name, key+":"+value)
		}
	}
}

// addText adds what a server told; an empty line would part this response from the next.
func (all *lines) addText(text string) {
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			all.text.WriteString(strings.TrimRight(line, "\r\n") + "\n")
		}
	}
}

func (all *lines) String() string { return all.text.String() }
