package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A target is what is asked, and the answers that were right one after the other. Only the newest that a connection
// has seen is right on it, or a newer one: new is never followed by old.
type target struct {
	id      int
	host    string
	path    string
	states  []map[string]bool
	seen    []int // by connection, the number of the state that it saw last; -1: none
	arrived int   // the newest state that all connections have seen
}

// closedLoop is all that the connections share.
type closedLoop struct {
	lock    sync.Mutex
	targets map[int]*target
	order   atomic.Pointer[[]*target]
	out     *bufio.Writer
	log     *bufio.Writer
	answers *answerLog // nil: not kept

	address string
	pins    atomic.Pointer[[]string] // addresses of single proxies
	timeout time.Duration
	fresh   int
	pause   atomic.Int64 // nanoseconds after each request
	ended   atomic.Bool
	asked   atomic.Int64
	wrong   atomic.Int64 // of these, answers
	back    atomic.Int64 // of these, that had been right before
	broken  atomic.Int64 // of these, without an answer
	refused atomic.Int64 // connections that were refused, and tried again
	dialled atomic.Int64 // connections that were made
	bye     atomic.Int64 // connections that the server ended with the answer before
	took    [][]float32  // by connection, milliseconds of each request
}

// closed asks the targets that it is told of on its standard input, one request after the other on each connection,
// and judges every answer. The lines that it reads (columns are parted by tabs):
//
//	expect ID HOST PATH ANSWER...   from now on one of these answers ("200 ROUTE BACKEND") is right too
//	forget ID                       ask no more
//	pause NANOSECONDS               after each request on a connection
//	pin ADDRESS...                  every other connection goes to these in turn, at once, past the load balancer
//
// It writes `expecting ID NUMBER` when it has taken an answer (counted from 0): not before may it be made right;
// `arrived ID NUMBER` when all connections have seen it; `progress ASKED WRONG` four times a second; and the totals as
// JSON when its input ends. Wrong answers are lines of the log.
func closed(arguments []string) error {
	flags := flag.NewFlagSet("closed", flag.ExitOnError)
	address := flags.String("address", "", "where to connect")
	connections := flags.Int("connections", 16, "connections that are kept")
	fresh := flags.Int("fresh", 100, "every so many requests of a connection one has a connection of its own")
	log := flags.String("log", "", "file for wrong answers")
	timeout := flags.Duration("timeout", 15*time.Second, "of one request")
	answers := flags.String("answers", "", "file for all answers; empty for none")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	sink, err := os.Create(*log)
	if err != nil {
		return err
	}
	defer sink.Close()
	loop := &closedLoop{
		targets: map[int]*target{},
		out:     bufio.NewWriter(os.Stdout),
		log:     bufio.NewWriter(sink),
		address: *address,
		timeout: *timeout,
		fresh:   *fresh,
		took:    make([][]float32, *connections),
	}
	if *answers != "" {
		kept, err := newAnswerLog(*answers)
		if err != nil {
			return err
		}
		defer kept.close()
		loop.answers = kept
	}
	loop.order.Store(&[]*target{})
	loop.pins.Store(&[]string{})
	var running sync.WaitGroup
	for number := range *connections {
		running.Go(func() { loop.run(number) })
	}
	go loop.progress()
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		if err := loop.obey(strings.Split(input.Text(), "\t")); err != nil {
			return err
		}
	}
	loop.ended.Store(true)
	running.Wait()
	loop.lock.Lock()
	defer loop.lock.Unlock()
	loop.total()
	return errors.Join(loop.out.Flush(), loop.log.Flush(), input.Err())
}

func (l *closedLoop) obey(words []string) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	if len(words) < 2 {
		return fmt.Errorf("%q: too short", words)
	}
	if words[0] == "pin" {
		addresses := words[1:]
		l.pins.Store(&addresses)
		return nil
	}
	number, err := strconv.Atoi(words[1])
	if err != nil {
		return err
	}
	switch words[0] {
	case "expect":
		one := l.targets[number]
		if one == nil {
			one = &target{id: number, host: words[2], path: words[3], arrived: -1}
			one.seen = slices.Repeat([]int{-1}, len(l.took))
			l.targets[number] = one
		}
		state := map[string]bool{}
		for _, each := range words[4:] {
			state[each] = true
		}
		one.states = append(one.states, state)
		fmt.Fprintf(l.out, "expecting\t%d\t%d\n", number, len(one.states)-1)
		l.out.Flush()
	case "forget":
		delete(l.targets, number)
	case "pause":
		l.pause.Store(int64(number))
	default:
		return fmt.Errorf("%q: not known", words[0])
	}
	order := make([]*target, 0, len(l.targets))
	for _, one := range l.targets {
		order = append(order, one)
	}
	slices.SortFunc(order, func(a, b *target) int { return a.id - b.id })
	l.order.Store(&order)
	return nil
}

func (l *closedLoop) progress() {
	for !l.ended.Load() {
		time.Sleep(250 * time.Millisecond)
		l.lock.Lock()
		fmt.Fprintf(l.out, "progress\t%d\t%d\n", l.asked.Load(), l.wrong.Load())
		l.out.Flush()
		l.lock.Unlock()
	}
}

func (l *closedLoop) total() {
	var all []float32
	for _, each := range l.took {
		all = append(all, each...)
	}
	slices.Sort(all)
	at := func(share float64) float32 {
		if len(all) == 0 {
			return 0
		}
		return all[min(len(all)-1, int(share*float64(len(all))))]
	}
	_ = json.NewEncoder(l.out).Encode(map[string]any{
		"asked": l.asked.Load(), "wrong": l.wrong.Load(), "back": l.back.Load(), "broken": l.broken.Load(),
		"refused": l.refused.Load(), "bye": l.bye.Load(),
		"median": at(0.5), "p999": at(0.999), "longest": at(1),
	})
}

// wire is one TCP connection; requests go one after the other.
type wire struct {
	conn    net.Conn
	reader  *bufio.Reader
	address string
	name    string // tells this connection from all others
}

// where returns the address of a kept connection: with pins, all proxies have some, whatever a load balancer does.
func (l *closedLoop) where(number int) string {
	if pins := *l.pins.Load(); number%2 == 0 && len(pins) > 0 {
		return pins[number/2%len(pins)]
	}
	return l.address
}

// dial connects; only a connection that is refused is tried again, and counted.
func (l *closedLoop) dial(address string) (*wire, error) {
	until := time.Now().Add(l.timeout)
	for {
		conn, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err == nil {
			name := conn.LocalAddr().String() + ">" + address + "#" + strconv.FormatInt(l.dialled.Add(1), 10)
			return &wire{conn: conn, reader: bufio.NewReaderSize(conn, 16<<10), address: address, name: name}, nil
		}
		if !errors.Is(err, syscall.ECONNREFUSED) || time.Now().After(until) {
			return nil, err
		}
		l.refused.Add(1)
		time.Sleep(10 * time.Millisecond)
	}
}

// ask sends one GET; `last` says that the server ends the connection after it.
func (w *wire) ask(one *target, timeout time.Duration) (said string, last bool, err error) {
	_ = w.conn.SetDeadline(time.Now().Add(timeout))
	if _, err = io.WriteString(w.conn, "GET "+one.path+" HTTP/1.1\r\nHost: "+one.host+"\r\n\r\n"); err != nil {
		return "", true, err
	}
	response, err := http.ReadResponse(w.reader, nil)
	if err != nil {
		return "", true, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", true, err
	}
	said = strconv.Itoa(response.StatusCode)
	var heard echo
	if json.Unmarshal(body, &heard) == nil && heard.Pod != "" {
		said += " " + strings.Join(heard.Headers[routeHeader], ",") + " " + deployment(heard.Pod)
	}
	return said, response.Close, nil
}

// deployment returns the name of the Deployment of a Pod.
func deployment(pod string) string {
	parts := strings.Split(pod, "-")
	return strings.Join(parts[:max(1, len(parts)-2)], "-")
}

// run asks all targets in turn, for ever.
func (l *closedLoop) run(number int) {
	var kept *wire
	for turn := number; !l.ended.Load(); {
		targets := *l.order.Load()
		if len(targets) == 0 {
			time.Sleep(time.Millisecond)
		}
		// Each connection begins elsewhere, so that together they do not ask in bursts.
		for at := range targets {
			if l.ended.Load() {
				break
			}
			one := targets[(at+turn)%len(targets)]
			if l.asked.Add(1)%int64(l.fresh) == 0 {
				l.askFresh(one, number)
			} else {
				kept = l.askKept(kept, one, number)
			}
			if pause := l.pause.Load(); pause > 0 {
				time.Sleep(time.Duration(pause))
			}
		}
	}
	if kept != nil {
		kept.conn.Close()
	}
}

// askKept asks on the connection of a number, or on a new one in its place, and returns the one to go on with.
func (l *closedLoop) askKept(kept *wire, one *target, number int) *wire {
	if kept != nil && kept.address != l.where(number) {
		kept.conn.Close() // it is to go elsewhere; no request is on it
		kept = nil
	}
	began := time.Now()
	if kept == nil {
		// Another worker of Envoy's, or another Envoy, may have it now.
		l.forgetSeen(number)
		made, err := l.dial(l.where(number))
		if err != nil {
			l.answers.note(one, "", "", began)
			l.fail(one, began, err)
			return nil
		}
		kept = made
	}
	said, last, err := kept.ask(one, l.timeout)
	l.took[number] = append(l.took[number], float32(time.Since(began).Seconds()*1000))
	l.answers.note(one, kept.name, said, began)
	if err != nil {
		l.fail(one, began, err)
	} else {
		l.judge(one, number, said, began)
	}
	if !last {
		return kept
	}
	if err == nil {
		l.bye.Add(1)
	}
	kept.conn.Close()
	return nil
}

// askFresh asks on a connection of its own, which is held to what all connections have seen.
func (l *closedLoop) askFresh(one *target, number int) {
	began := time.Now()
	l.lock.Lock()
	floor := one.arrived
	l.lock.Unlock()
	own, err := l.dial(l.address)
	if err != nil {
		l.answers.note(one, "", "", began)
		l.fail(one, began, err)
		return
	}
	defer own.conn.Close()
	said, _, err := own.ask(one, l.timeout)
	l.took[number] = append(l.took[number], float32(time.Since(began).Seconds()*1000))
	l.answers.note(one, own.name, said, began)
	if err != nil {
		l.fail(one, began, err)
		return
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if one.find(said, max(0, floor)) < 0 {
		l.note(one, floor, said, began, "fresh")
	}
}

func (l *closedLoop) forgetSeen(number int) {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, one := range l.targets {
		one.seen[number] = one.arrived
	}
}

func (l *closedLoop) judge(one *target, number int, said string, began time.Time) {
	l.lock.Lock()
	defer l.lock.Unlock()
	seen := one.seen[number]
	found := one.find(said, max(0, seen))
	if found < 0 {
		l.note(one, seen, said, began, "kept")
		return
	}
	if found == seen {
		return
	}
	one.seen[number] = found
	newest := len(one.states) - 1
	if found == newest && one.arrived < newest && slices.Min(one.seen) == newest {
		one.arrived = newest
		fmt.Fprintf(l.out, "arrived\t%d\t%d\n", one.id, newest)
		l.out.Flush()
	}
}

func (t *target) find(said string, from int) int {
	for at := from; at < len(t.states); at++ {
		if t.states[at][said] {
			return at
		}
	}
	return -1
}

// note writes down a wrong answer on a connection that was kept, or on one of its own.
func (l *closedLoop) note(one *target, seen int, said string, began time.Time, on string) {
	l.wrong.Add(1)
	if one.find(said, 0) >= 0 {
		l.back.Add(1)
	}
	fmt.Fprintf(l.log, "%d\t%d\t%s\t%s\t%s\tseen %d of %d\t%s\n",
		began.UnixNano(), time.Since(began).Nanoseconds(), one.host, one.path, said, seen, len(one.states)-1, on)
	l.log.Flush()
}

func (l *closedLoop) fail(one *target, began time.Time, err error) {
	l.wrong.Add(1)
	l.broken.Add(1)
	l.lock.Lock()
	defer l.lock.Unlock()
	fmt.Fprintf(l.log, "%d\t%d\t%s\t%s\t%v\n", began.UnixNano(), time.Since(began).Nanoseconds(), one.host, one.path, err)
	l.log.Flush()
}
