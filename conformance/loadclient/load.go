package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// load asks the targets of a file (a JSON list of URLs) in turn at a fixed rate, however long answers take. A line
// `forget INDEX` of its standard input ends that for one of them, until `ask INDEX`. With the log "-" its lines are
// written to the standard output, each at once.
func load(arguments []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	address := flags.String("address", "", "where to connect; empty: where each URL says")
	rate := flags.Int("rate", 200, "requests a second")
	targets := flags.String("targets", "", "file with a JSON list of URLs")
	log := flags.String("log", "", "file for the lines; - for the standard output")
	forgotten := flags.Bool("forgotten", false, "ask no target before a line says so")
	fresh := flags.Int("fresh", 10, "every so many requests of a target one has a connection of its own")
	caFile := flags.String("ca", "", "certificate authority; empty for plain HTTP")
	timeout := flags.Duration("timeout", 10*time.Second, "of one request")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	var urls []string
	data, err := os.ReadFile(*targets)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &urls); err != nil {
		return err
	}
	sink := os.Stdout
	if *log != "-" {
		if sink, err = os.Create(*log); err != nil {
			return err
		}
		defer sink.Close()
	}
	kept, err := transport(*address, *caFile, true)
	if err != nil {
		return err
	}
	own, err := transport(*address, *caFile, false)
	if err != nil {
		return err
	}
	client := func(number int) *http.Transport {
		if number%*fresh == 0 {
			return own
		}
		return kept
	}
	asked := newTurns(len(urls), !*forgotten)
	run(urls, asked, sink, time.Second/time.Duration(*rate), *timeout, client)
	return nil
}

// turns are the indices of the targets that are asked, one after the other.
type turns struct {
	lock  sync.Mutex
	asked []int
}

func newTurns(targets int, all bool) *turns {
	made := &turns{}
	for index := range targets {
		if all {
			made.asked = append(made.asked, index)
		}
	}
	return made
}

// next returns whose turn it is; false for nobody's.
func (t *turns) next(number int) (int, bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if len(t.asked) == 0 {
		return 0, false
	}
	return t.asked[number%len(t.asked)], true
}

// obey takes lines until there are no more.
func (t *turns) obey(lines io.Reader) {
	input := bufio.NewScanner(lines)
	for input.Scan() {
		verb, word, _ := strings.Cut(input.Text(), " ")
		index, err := strconv.Atoi(word)
		if err != nil {
			continue
		}
		t.lock.Lock()
		t.asked = slices.DeleteFunc(t.asked, func(each int) bool { return each == index })
		if verb == "ask" {
			t.asked = append(t.asked, index)
		}
		t.lock.Unlock()
	}
}

func run(
	urls []string, asked *turns, sink *os.File, every, timeout time.Duration, client func(int) *http.Transport,
) {
	ended := make(chan struct{})
	go func() {
		asked.obey(os.Stdin)
		close(ended)
	}()
	buffered := bufio.NewWriter(sink)
	defer buffered.Flush()
	var lock sync.Mutex
	var waiting sync.WaitGroup
	defer waiting.Wait()
	began := time.Now()
	asks := make([]int, len(urls)) // of each target, so that every one has connections of its own
	for number := 0; ; number++ {
		select {
		case <-ended:
			return
		case <-time.After(time.Until(began.Add(time.Duration(number) * every))):
		}
		index, isAsked := asked.next(number)
		if !isAsked {
			continue
		}
		by := client(asks[index])
		asks[index]++
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			got := ask(by, urls[index], timeout)
			lock.Lock()
			defer lock.Unlock()
			line(buffered, got, index, nanos(got.connected))
			if sink == os.Stdout {
				buffered.Flush()
			}
		}()
	}
}
