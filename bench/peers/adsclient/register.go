package main

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
)

type kind int

const (
	cds kind = iota
	eds
	sds
	ecds
	rds
	srds
	lds
	kindCount
)

// kinds says of each type its URL, and whether it is subscribed to as a whole.
var kinds = [kindCount]struct {
	url      string
	wildcard bool
}{
	cds:  {"type.googleapis.com/envoy.config.cluster.v3.Cluster", true},
	eds:  {"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", false},
	sds:  {"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", false},
	ecds: {"type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", false},
	rds:  {"type.googleapis.com/envoy.config.route.v3.RouteConfiguration", false},
	srds: {"type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration", true},
	lds:  {"type.googleapis.com/envoy.config.listener.v3.Listener", true},
}

func kindOf(url []byte) (kind, bool) {
	for number := range kinds {
		if kinds[number].url == string(url) {
			return kind(number), true
		}
	}
	return 0, false
}

// content is one version of a resource, in one copy for all clients.
type content struct {
	of      *name
	version string
	sum     uint64
	refs    []*name
}

// name is a resource of which clients have heard; `id` counts from 0 within its kind.
type name struct {
	kind   kind
	text   string
	id     int
	hash   uint64
	recent atomic.Pointer[[]*content]
}

// table holds the names of one kind.
type table struct {
	lock  sync.RWMutex
	names map[string]*name
	list  []*name
}

// register is what all clients together have seen.
type register struct{ tables [kindCount]table }

const keptContents = 8

func newRegister() *register {
	made := &register{}
	for number := range made.tables {
		made.tables[number].names = map[string]*name{}
	}
	return made
}

func (r *register) name(of kind, text []byte) *name {
	table := &r.tables[of]
	table.lock.RLock()
	found := table.names[string(text)]
	table.lock.RUnlock()
	if found != nil {
		return found
	}
	table.lock.Lock()
	defer table.lock.Unlock()
	if found = table.names[string(text)]; found == nil {
		found = &name{kind: of, text: string(text), id: len(table.list), hash: digest(kinds[of].url, string(text), nil)}
		found.recent.Store(&[]*content{})
		table.names[found.text] = found
		table.list = append(table.list, found)
	}
	return found
}

// at returns the name with a number.
func (r *register) at(of kind, id int) *name {
	table := &r.tables[of]
	table.lock.RLock()
	defer table.lock.RUnlock()
	return table.list[id]
}

// content returns what a resource says. Its body is looked at by the first client that gets this version.
func (r *register) content(of kind, text, version, body []byte) (*content, error) {
	named := r.name(of, text)
	for _, each := range *named.recent.Load() {
		if each.version == string(version) {
			return each, nil
		}
	}
	refs, err := r.references(of, body)
	if err != nil {
		return nil, err
	}
	made := &content{of: named, version: string(version), sum: digest(kinds[of].url, named.text, body), refs: refs}
	for {
		old := named.recent.Load()
		for _, each := range *old {
			if each.version == made.version {
				return each, nil
			}
		}
		kept := append([]*content{made}, (*old)[:min(len(*old), keptContents-1)]...)
		if named.recent.CompareAndSwap(old, &kept) {
			return made, nil
		}
	}
}

func digest(url, name string, body []byte) uint64 {
	hash := sha256.New()
	hash.Write([]byte(url + "\x00" + name + "\x00"))
	hash.Write(body)
	return binary.LittleEndian.Uint64(hash.Sum(nil))
}
