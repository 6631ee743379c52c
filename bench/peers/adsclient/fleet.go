package main

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"
)

const (
	service = "/envoy.service.discovery.v3.AggregatedDiscoveryService/"
	// What Envoy gives a server to fill before it has read anything.
	streamWindow, connectionWindow = 16 << 20, 24 << 20
	narrowWindow                   = 64 << 10 // the least that there is
	largest                        = 256 << 20
	leastPause                     = 500 * time.Millisecond
)

var (
	epoch          = time.Now()
	epochMonotonic = func() int64 {
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
			panic(err)
		}
		return now.Nano()
	}()
)

// counts is what has arrived at all clients since the last answer.
type counts struct {
	responses, messageBytes, resources, resourceBytes, socketBytes, requestBytes, failures atomic.Int64
	last                                                                                   atomic.Int64 // when a response came
}

func (c *counts) add(message, resources, resourceBytes int) {
	c.last.Store(monotonic())
	c.responses.Add(1)
	c.messageBytes.Add(int64(message))
	c.resources.Add(int64(resources))
	c.resourceBytes.Add(int64(resourceBytes))
}

// fleet is all clients.
type fleet struct {
	addresses   []string
	cluster     string
	drain       float64
	sotw        bool
	method      string
	description grpc.StreamDesc
	secure      []credentials.TransportCredentials
	codec       codec
	register    *register
	shared      shared
	counted     counts
	clients     []*client
	lock        sync.Mutex
	changed     *sync.Cond // how clients read
	narrow      int        // how many clients, the first ones, have narrow windows
	dropping    atomic.Bool
	dropped     sync.WaitGroup
	opened      sync.WaitGroup
	gate        chan struct{}
}

func newFleet(addresses []string, size, first int, cluster string, sotw bool, secure []credentials.TransportCredentials) *fleet {
	made := &fleet{
		addresses: addresses, cluster: cluster, sotw: sotw, method: service + "DeltaAggregatedResources",
		description: grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, secure: secure,
		codec:    codec{mem.NewTieredBufferPool(512, 4<<10, 64<<10, 512<<10, 2<<20, 8<<20, 32<<20)},
		register: newRegister(), shared: shared{parts: map[string][]byte{}},
	}
	made.changed = sync.NewCond(&made.lock)
	if sotw {
		made.method = service + "StreamAggregatedResources"
	}
	seed := maphash.MakeSeed()
	for number := range size {
		made.clients = append(made.clients, &client{number: first + number, fleet: made, seed: &seed})
	}
	return made
}

// dial returns a connection of its own.
func (f *fleet) dial(c *client) (*grpc.ClientConn, error) {
	secure := f.secure[c.party()]
	ofStream, ofConnection := int32(streamWindow), int32(connectionWindow)
	if c.number < f.narrow {
		ofStream, ofConnection = narrowWindow, narrowWindow
	}
	address := f.addresses[c.number/len(f.secure)%len(f.addresses)]
	return grpc.NewClient("passthrough:///control-plane",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			network, rest := "tcp", address
			if path, found := strings.CutPrefix(address, "unix:"); found {
				network, rest = "unix", path
			}
			conn, err := (&net.Dialer{}).DialContext(ctx, network, rest)
			return &wire{Conn: conn, of: c}, err
		}),
		grpc.WithTransportCredentials(secure),
		grpc.WithInitialWindowSize(ofStream), grpc.WithInitialConnWindowSize(ofConnection),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(f.codec), grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.6, MaxDelay: time.Second}, MinConnectTimeout: 20 * time.Second}),
		grpc.WithIdleTimeout(0), grpc.WithSharedWriteBuffer(true), grpc.WithDisableServiceConfig(),
	)
}

// How a client reads.
const (
	readsAll     int32 = iota
	readsNothing       // of its socket: no ping is answered
	takesNothing       // no response, but its socket up to the windows: pings are answered
	readsSlowly        // slowBytes in each slowPause
)

const (
	slowBytes = 4 << 10
	slowPause = 100 * time.Millisecond
)

// wire counts what is read, and reads as its client does.
type wire struct {
	net.Conn
	of *client
}

func (w *wire) Read(into []byte) (int, error) {
	w.of.fleet.wait(w.of, readsNothing)
	if w.of.manner.Load() == readsSlowly {
		into = into[:min(len(into), slowBytes)]
		time.Sleep(slowPause)
	}
	size, err := w.Conn.Read(into)
	w.of.fleet.counted.socketBytes.Add(int64(size))
	return size, err
}

// wait returns when a client does not read in this manner any more.
func (f *fleet) wait(c *client, manner int32) {
	if c.manner.Load() != manner {
		return
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	for c.manner.Load() == manner {
		f.changed.Wait()
	}
}

// read makes the first so many clients take nothing, the next ones read nothing, the next ones slowly, and all others read.
func (f *fleet) read(holding, stalling, slowly int) {
	f.lock.Lock()
	defer f.lock.Unlock()
	for number, each := range f.clients {
		manner := readsAll
		switch {
		case number < holding:
			manner = takesNothing
		case number < holding+stalling:
			manner = readsNothing
		case number < holding+stalling+slowly:
			manner = readsSlowly
		}
		each.manner.Store(manner)
	}
	f.changed.Broadcast()
}

func (f *fleet) connect() {
	f.opened.Add(len(f.clients))
	for _, each := range f.clients {
		go f.live(each)
	}
	f.opened.Wait()
}

// live runs one client. A stream that ends although nobody told it to is opened again after a while, as Envoy does.
func (f *fleet) live(c *client) {
	for counted := true; ; {
		err := c.open()
		if counted {
			f.opened.Done()
		}
		if err == nil {
			err = c.serve()
		}
		c.hangUp()
		if counted = f.dropping.Load(); !counted {
			f.counted.failures.Add(1)
			fmt.Fprintf(os.Stderr, "adsclient: client %d: %v\n", c.number, err)
			time.Sleep(leastPause + rand.N(leastPause))
			counted = f.dropping.Load()
		}
		if counted {
			f.dropped.Done()
			<-f.gate
		}
	}
}

// storm drops all connections, then has all clients return at once; it answers when all have asked.
func (f *fleet) storm() {
	f.gate = make(chan struct{})
	f.dropped.Add(len(f.clients))
	f.dropping.Store(true)
	for _, each := range f.clients {
		each.hangUp()
	}
	f.dropped.Wait()
	f.dropping.Store(false)
	f.report()
	f.opened.Add(len(f.clients))
	close(f.gate)
	f.opened.Wait()
}

// arrivals is the answer to `await`.
type arrivals struct {
	First  float64 `json:"first"`
	Median float64 `json:"median"`
	Last   float64 `json:"last"`
	totals
}

// totals is what was counted since the last answer; `cpu` is that of this process, in seconds.
type totals struct {
	Now           float64 `json:"now"`
	LastMessage   float64 `json:"last_message"`
	Clients       int     `json:"clients"`
	Responses     int64   `json:"responses"`
	Resources     int64   `json:"resources"`
	MessageBytes  int64   `json:"message_bytes"`
	ResourceBytes int64   `json:"resource_bytes"`
	SocketBytes   int64   `json:"socket_bytes"`
	RequestBytes  int64   `json:"request_bytes"`
	Failures      int64   `json:"failures"`
	CPU           float64 `json:"cpu"`
}

var usedBefore float64

// await waits until all clients that read have what `sum` says. The times are when they came to have it.
func (f *fleet) await(sum uint64, count int64, patience time.Duration) (arrivals, error) {
	return f.until(patience, func(c *client) bool { return c.sum.Load() == sum && c.count.Load() == count })
}

// complete waits until all clients that read have what their own resources refer to, and those of an identity the same.
func (f *fleet) complete(patience time.Duration) (arrivals, error) {
	first := map[int]*client{}
	return f.until(patience, func(c *client) bool {
		if first[c.party()] == nil {
			first[c.party()] = c
		}
		return c.complete.Load() && c.sum.Load() == first[c.party()].sum.Load()
	})
}

// forget begins to count anew what each client hears.
func (f *fleet) forget() {
	for _, each := range f.clients {
		each.heard.Store(0)
		each.bytes.Store(0)
	}
}

// told waits until all clients that read have heard something since the last `forget`.
func (f *fleet) told(patience time.Duration) (arrivals, error) {
	return f.until(patience, func(c *client) bool { return c.heard.Load() > 0 })
}

// party is what the clients of one identity have heard since the last `forget`: how many of them anything, and how much.
type party struct {
	Clients   int   `json:"clients"`
	Responses int64 `json:"responses"`
	Bytes     int64 `json:"bytes"`
}

func (f *fleet) parties() map[string][]party {
	found := make([]party, len(f.secure))
	for _, each := range f.clients {
		of, heard := &found[each.party()], each.heard.Load()
		of.Responses += heard
		of.Bytes += each.bytes.Load()
		if heard > 0 {
			of.Clients++
		}
	}
	return map[string][]party{"parties": found}
}

func (f *fleet) until(patience time.Duration, holds func(*client) bool) (arrivals, error) {
	var times []int64
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		times = times[:0]
		var behind *client
		for _, each := range f.clients {
			if each.manner.Load() != readsAll {
				continue
			}
			if !holds(each) {
				behind = each
				break
			}
			times = append(times, each.changed.Load())
		}
		if behind == nil {
			break
		}
		if time.Since(began) > patience {
			return arrivals{}, fmt.Errorf("client %d still has %s", behind.number, behind.described())
		}
	}
	slices.Sort(times)
	answer := arrivals{totals: f.report()}
	answer.Clients = len(times)
	if len(times) > 0 {
		answer.First, answer.Median = seconds(times[0]), seconds(times[len(times)/2])
		answer.Last = seconds(times[len(times)-1])
	}
	return answer, nil
}

func seconds(nanoseconds int64) float64 { return float64(nanoseconds) / 1e9 }

func (f *fleet) report() totals {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	cpu := seconds(used.Utime.Nano() + used.Stime.Nano())
	since := cpu - usedBefore
	usedBefore = cpu
	return totals{
		Now: seconds(monotonic()), LastMessage: seconds(f.counted.last.Load()), Clients: len(f.clients), CPU: since,
		Failures:  f.counted.failures.Swap(0),
		Responses: f.counted.responses.Swap(0), Resources: f.counted.resources.Swap(0),
		MessageBytes: f.counted.messageBytes.Swap(0), ResourceBytes: f.counted.resourceBytes.Swap(0),
		SocketBytes: f.counted.socketBytes.Swap(0), RequestBytes: f.counted.requestBytes.Swap(0),
	}
}
