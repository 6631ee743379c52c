package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// load asks the targets of a file (a JSON list of URLs) in turn at a fixed rate, however long answers take.
func load(arguments []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	address := flags.String("address", "", "where to connect")
	rate := flags.Int("rate", 200, "requests a second")
	targets := flags.String("targets", "", "file with a JSON list of URLs")
	log := flags.String("log", "", "file for the lines")
	fresh := flags.Int("fresh", 10, "every so many requests one has a connection of its own")
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
	sink, err := os.Create(*log)
	if err != nil {
		return err
	}
	defer sink.Close()
	kept, err := transport(*address, *caFile, true)
	if err != nil {
		return err
	}
	own, err := transport(*address, *caFile, false)
	if err != nil {
		return err
	}
	run(urls, sink, time.Second/time.Duration(*rate), *timeout, func(number int) *http.Transport {
		if number%*fresh == 0 {
			return own
		}
		return kept
	})
	return nil
}

func run(urls []string, sink io.Writer, every, timeout time.Duration, client func(int) *http.Transport) {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	buffered := bufio.NewWriter(sink)
	defer buffered.Flush()
	var lock sync.Mutex
	var waiting sync.WaitGroup
	defer waiting.Wait()
	began := time.Now()
	for number := 0; ; number++ {
		select {
		case <-ended:
			return
		case <-time.After(time.Until(began.Add(time.Duration(number) * every))):
		}
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			index := number % len(urls)
			got := ask(client(number), urls[index], timeout)
			lock.Lock()
			defer lock.Unlock()
			line(buffered, got, index)
		}()
	}
}
