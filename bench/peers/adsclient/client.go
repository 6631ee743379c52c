package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

// holding is what one client has of one kind.
type holding struct {
	has    []*content
	wanted []uint16 // by id: how many resources refer to it
	open   []bool   // by id: whether that is so, and nothing has been said of it yet
	more   []*name  // newly wanted, not asked for yet
	less   []*name
	sum    uint64
	count  int64
	wants  uint64 // sum of the hashes of all wanted names: equal sums, equal subscriptions
	lacks  int    // how many are open
	asked  bool
	seen   bool // answered once: to who comes back with all that there is, a server may say nothing
	// Of the last response (state of the world only).
	version, nonce string
}

// client is one Envoy.
type client struct {
	number  int
	fleet   *fleet
	link    sync.Mutex
	close   func()
	stream  grpc.ClientStream
	kinds   [kindCount]holding
	greeted bool // the Node message was sent on this stream
	read    response
	seed    *maphash.Seed

	manner   atomic.Int32
	complete atomic.Bool
	heard    atomic.Int64 // responses, and their bytes, since the last `forget`
	bytes    atomic.Int64
	sum      atomic.Uint64
	count    atomic.Int64
	changed  atomic.Int64 // nanoseconds of CLOCK_MONOTONIC
}

// party is the number of the identity that a client has.
func (c *client) party() int { return c.number % len(c.fleet.secure) }

// open dials, and asks for what Envoy asks for first: clusters, or after a reconnection everything that it knows of.
func (c *client) open() error {
	conn, err := c.fleet.dial(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.link.Lock()
	c.close = func() { cancel(); _ = conn.Close() }
	c.link.Unlock()
	c.stream, err = conn.NewStream(ctx, &c.fleet.description, c.fleet.method, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	returning := c.kinds[cds].asked
	c.greeted = false
	if !returning {
		return c.ask(cds)
	}
	for number := range c.kinds {
		held := &c.kinds[number]
		held.more, held.less, held.nonce = nil, nil, ""
		if held.asked {
			if err := c.reclaim(kind(number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// hangUp closes the connection; again does nothing.
func (c *client) hangUp() {
	c.link.Lock()
	defer c.link.Unlock()
	if c.close != nil {
		c.close()
		c.close = nil
	}
}

// serve takes responses until the stream ends.
func (c *client) serve() error {
	for {
		c.fleet.wait(c, takesNothing)
		if err := c.stream.RecvMsg(c.take); err != nil {
			return err
		}
		complete := c.kinds[lds].seen
		for number := range c.kinds {
			if err := c.subscribe(kind(number)); err != nil {
				return err
			}
			held := &c.kinds[number]
			complete = complete && held.seen == held.asked && (held.lacks == 0 || kinds[number].wildcard)
		}
		c.complete.Store(complete)
		// Envoy asks for listeners when its clusters are warm.
		if !c.kinds[lds].asked && c.kinds[cds].seen && c.kinds[eds].lacks == 0 {
			if err := c.ask(lds); err != nil {
				return err
			}
		}
	}
}

// take applies a response and answers it.
func (c *client) take(data []byte) error {
	if err := c.read.parse(data, c.fleet.sotw); err != nil {
		return err
	}
	of, known := kindOf(c.read.typeURL)
	if !known {
		return fmt.Errorf("%s: not a type that was asked for", c.read.typeURL)
	}
	held, before := &c.kinds[of], c.sum.Load()
	bytes := 0
	for _, each := range c.read.items {
		bytes += len(each.body)
		if err := c.put(of, each); err != nil {
			return err
		}
	}
	for _, gone := range c.read.removed {
		c.remove(c.fleet.register.name(of, gone))
	}
	if c.fleet.sotw && kinds[of].wildcard {
		c.removeOthers(of)
	}
	held.seen, held.version, held.nonce = true, string(c.read.version), string(c.read.nonce)
	if c.sum.Load() != before {
		c.changed.Store(monotonic())
	}
	c.fleet.counted.add(len(data), len(c.read.items), bytes)
	c.heard.Add(1)
	c.bytes.Add(int64(len(data)))
	return c.acknowledge(of)
}

func (c *client) put(of kind, each item) error {
	version := each.version
	if c.fleet.sotw {
		var key [8]byte
		binary.LittleEndian.PutUint64(key[:], maphash.Bytes(*c.seed, each.body))
		version = key[:]
	}
	now, err := c.fleet.register.content(of, each.name, version, each.body)
	if err != nil {
		return err
	}
	c.set(now.of, now)
	return nil
}

func (c *client) remove(gone *name) { c.set(gone, nil) }

// removeOthers takes away what a full response does not show.
func (c *client) removeOthers(of kind) {
	shown := make(map[string]bool, len(c.read.items))
	for _, each := range c.read.items {
		shown[string(each.name)] = true
	}
	for _, had := range c.kinds[of].has {
		if had != nil && !shown[had.of.text] {
			c.remove(had.of)
		}
	}
}

// set makes `now` (nil: nothing) what the client has under a name, and follows the references.
func (c *client) set(of *name, now *content) {
	held := &c.kinds[of.kind]
	held.has = grown(held.has, of.id)
	old := held.has[of.id]
	held.answer(of) // that there is no such thing is an answer as well
	if old == now {
		return
	}
	held.has[of.id] = now
	var change uint64
	if now != nil {
		change, held.count = now.sum, held.count+1
		for _, to := range now.refs {
			c.want(to)
		}
	}
	if old != nil {
		change, held.count = change-old.sum, held.count-1
		for _, to := range old.refs {
			c.unwant(to)
		}
	}
	held.sum += change
	c.count.Store(c.total())
	c.sum.Add(change)
}

func (c *client) total() (count int64) {
	for number := range c.kinds {
		count += c.kinds[number].count
	}
	return count
}

// described says what a client has, for an error message; the numbers may be those of different moments.
func (c *client) described() (text string) {
	for number, each := range c.kinds {
		url := kinds[number].url
		text += fmt.Sprintf("%s %d, ", url[strings.LastIndex(url, ".")+1:], each.count)
	}
	return fmt.Sprintf("%ssum %x", text, c.sum.Load())
}

// answer counts a name that is open as answered; again does nothing.
func (h *holding) answer(of *name) {
	if of.id < len(h.open) && h.open[of.id] {
		h.open[of.id] = false
		h.lacks--
	}
}

func (c *client) want(to *name) {
	held := &c.kinds[to.kind]
	held.wanted = grown(held.wanted, to.id)
	if held.wanted[to.id]++; held.wanted[to.id] == 1 {
		held.more = append(held.more, to)
		held.wants += to.hash
		held.open = grown(held.open, to.id)
		held.open[to.id] = true
		held.lacks++
	}
}

func (c *client) unwant(to *name) {
	held := &c.kinds[to.kind]
	if held.wanted[to.id]--; held.wanted[to.id] == 0 {
		held.less = append(held.less, to)
		held.wants -= to.hash
		held.answer(to)
		if to.id < len(held.has) && held.has[to.id] != nil && !kinds[to.kind].wildcard {
			c.set(to, nil)
		}
	}
}

func grown[T any](list []T, id int) []T {
	if id < len(list) {
		return list
	}
	made := make([]T, max(id+1, len(list)*3/2))
	copy(made, list)
	return made
}

func (c *client) send(request []byte) error {
	c.fleet.counted.requestBytes.Add(int64(len(request)))
	return c.stream.SendMsg(&request)
}

func monotonic() int64 {
	return time.Since(epoch).Nanoseconds() + epochMonotonic
}
