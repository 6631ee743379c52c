package main

import (
	"encoding/binary"
	"fmt"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
)

// shared keeps parts of requests that many clients send alike.
type shared struct {
	lock  sync.Mutex
	parts map[string][]byte
}

// part returns the bytes under a key, made by the first who asks.
func (s *shared) part(key string, build func() []byte) []byte {
	s.lock.Lock()
	defer s.lock.Unlock()
	found, known := s.parts[key]
	if !known {
		if len(s.parts) > 64 {
			clear(s.parts)
		}
		found = build()
		s.parts[key] = found
	}
	return found
}

// Numbers of the fields; DiscoveryRequest names its resources in 3 as well.
const (
	deltaNode, sotwNode               = 1, 2
	deltaType, sotwType               = 2, 4
	subscribeField, unsubscribeField  = 3, 4
	deltaNonce, sotwNonce, versionsIn = 6, 5, 5
	sotwVersion                       = 1
)

// head starts a request: the Node message on a stream's first, and the type.
func (c *client) head(of kind) []byte {
	nodeField, typeField := protowire.Number(deltaNode), protowire.Number(deltaType)
	if c.fleet.sotw {
		nodeField, typeField = sotwNode, sotwType
	}
	var request []byte
	if !c.greeted {
		request = node(request, nodeField, fmt.Sprintf("client-%d", c.number), c.fleet.cluster, c.fleet.drain)
		c.greeted = true
	}
	return text(request, typeField, kinds[of].url)
}

// ask is the first request for a kind that is subscribed to as a whole.
func (c *client) ask(of kind) error {
	c.kinds[of].asked = true
	return c.send(c.head(of))
}

// acknowledge answers the response that was just taken.
func (c *client) acknowledge(of kind) error {
	held := &c.kinds[of]
	if c.fleet.sotw {
		return c.send(append(text(text(c.head(of), sotwVersion, held.version), sotwNonce, held.nonce), c.allNames(of)...))
	}
	return c.send(text(c.head(of), deltaNonce, held.nonce))
}

// subscribe asks for what has become wanted, and takes leave of what is wanted no more.
func (c *client) subscribe(of kind) error {
	held := &c.kinds[of]
	if len(held.more) == 0 && len(held.less) == 0 {
		return nil
	}
	more, less := held.more, held.less
	held.more, held.less = nil, nil
	if kinds[of].wildcard {
		if held.asked {
			return nil
		}
		return c.ask(of)
	}
	held.asked = true
	if c.fleet.sotw {
		request := c.head(of)
		if held.nonce != "" {
			request = text(text(request, sotwVersion, held.version), sotwNonce, held.nonce)
		}
		return c.send(append(request, c.allNames(of)...))
	}
	key := string(keyOf(keyOf([]byte{byte(of), '+'}, more), less))
	lists := c.fleet.shared.part(key, func() (made []byte) {
		for _, each := range more {
			made = text(made, subscribeField, each.text)
		}
		for _, each := range less {
			made = text(made, unsubscribeField, each.text)
		}
		return made
	})
	return c.send(append(c.head(of), lists...))
}

// reclaim is the first request for a kind on a new stream: what is subscribed to, and the versions of all that is there.
func (c *client) reclaim(of kind) error {
	held := &c.kinds[of]
	request := c.head(of)
	if c.fleet.sotw {
		return c.send(append(text(request, sotwVersion, held.version), c.allNames(of)...))
	}
	if !kinds[of].wildcard {
		request = append(request, c.allNames(of)...)
	}
	key := binary.LittleEndian.AppendUint64([]byte{byte(of), 'v'}, held.sum)
	return c.send(append(request, c.fleet.shared.part(string(key), func() (made []byte) {
		for _, each := range held.has {
			if each != nil {
				made = text(made, versionsIn, string(text(text(nil, 1, each.of.text), 2, each.version)))
			}
		}
		return made
	})...))
}

// allNames is the field of all names that are wanted; nothing for kinds that are subscribed to as a whole.
func (c *client) allNames(of kind) []byte {
	held := &c.kinds[of]
	if kinds[of].wildcard {
		return nil
	}
	key := binary.LittleEndian.AppendUint64([]byte{byte(of), 'n'}, held.wants)
	return c.fleet.shared.part(string(key), func() (made []byte) {
		for id, count := range held.wanted {
			if count > 0 {
				made = text(made, subscribeField, c.fleet.register.at(of, id).text)
			}
		}
		return made
	})
}

func keyOf(key []byte, names []*name) []byte {
	for _, each := range names {
		key = binary.LittleEndian.AppendUint32(key, uint32(each.id))
	}
	return append(key, '/')
}
