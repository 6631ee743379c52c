package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// prober adds HTTPRoutes one by one and asks each of them until it answers. Its lines begin with the route's index,
// and when the write was sent and accepted (Unix nanoseconds, 0: not yet).
type prober struct {
	gateway  []*http.Transport
	api      *http.Client
	url      string
	token    string
	template string
	interval time.Duration
	more     int
	patience time.Duration
	sink     *bufio.Writer
	asked    int
}

const shownEvery = 500

type written struct {
	sent, accepted time.Time
	err            error
}

func probe(arguments []string) error {
	flags := flag.NewFlagSet("probe", flag.ExitOnError)
	address := flags.String("address", "", "where the gateway is")
	api := flags.String("api", "", "URL of the collection to post to")
	token := flags.String("token", "", "bearer token")
	caFile := flags.String("ca", "", "certificate authority of the API server")
	templateFile := flags.String("template", "", "file with the object as JSON; NUMBER stands for the index")
	log := flags.String("log", "", "file for the lines")
	count := flags.Int("count", 500, "routes")
	interval := flags.Duration("interval", 5*time.Millisecond, "between two questions")
	more := flags.Int("more", 5, "questions after the first right answer")
	connections := flags.Int("connections", 4, "connections that take turns, so that every worker is asked")
	patience := flags.Duration("patience", 60*time.Second, "for one route")
	budget := flags.Duration("budget", 24*time.Hour, "for all of them; then no more are made")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	template, err := os.ReadFile(*templateFile)
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(*caFile)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	sink, err := os.Create(*log)
	if err != nil {
		return err
	}
	defer sink.Close()
	made := &prober{
		api:      &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}},
		url:      *api,
		token:    *token,
		template: string(template),
		interval: *interval,
		more:     *more,
		patience: *patience,
		sink:     bufio.NewWriter(sink),
	}
	defer made.sink.Flush()
	for range *connections {
		one, err := transport(*address, "", true)
		if err != nil {
			return err
		}
		one.MaxConnsPerHost = 1
		made.gateway = append(made.gateway, one)
	}
	began, done := time.Now(), 0
	for ; done < *count && time.Since(began) < *budget; done++ {
		if err := made.add(done); err != nil {
			return fmt.Errorf("route %d: %w", done, err)
		}
		if (done+1)%shownEvery == 0 {
			fmt.Fprintf(os.Stderr, "  %6.1f s  %d routes\n", time.Since(began).Seconds(), done+1)
		}
	}
	for index := range done { // every route once more, now that all are there
		made.ask(index, written{sent: time.Unix(0, 1), accepted: time.Unix(0, 1)})
	}
	return nil
}

// add asks three times in vain, posts a route, and asks until it has answered and then `more` times without a gap.
func (p *prober) add(index int) error {
	for range 3 {
		p.ask(index, written{})
		time.Sleep(p.interval)
	}
	posted := make(chan written, 1)
	sent := time.Now()
	go func() { posted <- p.post(index) }()
	state := written{sent: sent}
	right := 0
	for next := sent; right <= p.more; next = next.Add(p.interval) {
		time.Sleep(time.Until(next))
		select {
		case state = <-posted:
			if state.err != nil {
				return state.err
			}
		default:
		}
		if p.ask(index, state).route == p.name(index) {
			right++
		} else {
			right = 0 // another worker of Envoy's was later
		}
		if time.Since(sent) > p.patience {
			return fmt.Errorf("no right answer within %v", p.patience)
		}
	}
	if state.accepted.IsZero() {
		state = <-posted
	}
	fmt.Fprintf(p.sink, "written\t%d\t%d\t%d\n", index, state.sent.UnixNano(), state.accepted.UnixNano())
	return state.err
}

func (p *prober) name(index int) string { return "probe-" + strconv.Itoa(index) }

func (p *prober) ask(index int, state written) answer {
	client := p.gateway[p.asked%len(p.gateway)]
	p.asked++
	got := ask(client, "http://"+p.name(index)+".example/", 10*time.Second)
	line(p.sink, got, "asked", index, nanos(state.sent), nanos(state.accepted))
	return got
}

func nanos(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixNano()
}

func (p *prober) post(index int) (state written) {
	body := strings.ReplaceAll(p.template, "NUMBER", strconv.Itoa(index))
	request, err := http.NewRequest(http.MethodPost, p.url, bytes.NewReader([]byte(body)))
	if err != nil {
		return written{err: err}
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	request.Header.Set("Content-Type", "application/json")
	state.sent = time.Now()
	response, err := p.api.Do(request)
	if err != nil {
		return written{err: err}
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	state.accepted = time.Now()
	if response.StatusCode != http.StatusCreated {
		state.err = fmt.Errorf("%s: %s", response.Status, text)
	}
	return state
}
