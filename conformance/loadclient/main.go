// Loadclient asks a gateway and writes down every answer: one line of tab-separated text a request, nothing summed up.
//
//	loadclient load  -address IP:PORT -rate 200 -targets FILE -log FILE   until its standard input ends
//	loadclient probe -address IP:PORT -api URL -token T -ca FILE ...      new HTTPRoutes, asked until they answer
//	loadclient closed -address IP:PORT -log FILE                          one after the other, judged at once: closed.go
//
// A line of `load`: index of the target, when its connection was begun (Unix nanoseconds, 0: there was none), start
// (Unix nanoseconds), duration (nanoseconds), HTTP status (0: none), route (what the header X-Scenario-Route said to the
// backend), Pod that answered, serial number of the certificate, number of connections that were tried, error. Nothing is retried unseen: a second connection shows in the line.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"time"
)

const routeHeader = "X-Scenario-Route"

// answer is one request as it went.
type answer struct {
	connected time.Time // when its connection was begun
	began     time.Time
	duration  time.Duration
	status    int
	route     string
	pod       string
	serial    string
	tries     int
	failure   string
}

// dated is a connection that knows since when it is one.
type dated struct {
	net.Conn
	since time.Time
}

// since returns when a connection was begun.
func since(connection net.Conn) time.Time {
	if secure, is := connection.(*tls.Conn); is {
		connection = secure.NetConn()
	}
	if known, is := connection.(dated); is {
		return known.since
	}
	return time.Time{}
}

// echo is the part of echo-basic's answer that says who answered, and what it was told.
type echo struct {
	Pod     string              `json:"pod"`
	Headers map[string][]string `json:"headers"`
}

func main() {
	commands := map[string]func([]string) error{"load": load, "probe": probe, "closed": closed}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: loadclient load|probe|closed FLAGS")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "loadclient:", err)
		os.Exit(1)
	}
}

// transport connects to one address whatever the request's host is, unless that is ""; caFile "" means plain HTTP.
func transport(address, caFile string, keepAlive bool) (*http.Transport, error) {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	made := &http.Transport{
		DialContext: func(ctx context.Context, network, host string) (net.Conn, error) {
			if address != "" {
				host = address
			}
			began := time.Now()
			made, err := dialer.DialContext(ctx, network, host)
			if err != nil {
				return nil, err
			}
			return dated{Conn: made, since: began}, nil
		},
		DisableKeepAlives:   !keepAlive,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 64,
	}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		made.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return made, nil
}

// ask sends one GET and reads the whole answer.
func ask(client *http.Transport, url string, timeout time.Duration) (got answer) {
	got.began = time.Now()
	defer func() { got.duration = time.Since(got.began) }()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		got.tries++
		got.connected = since(info.Conn)
	}}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, url, nil)
	if err != nil {
		got.failure = err.Error()
		return got
	}
	response, err := client.RoundTrip(request)
	if err != nil {
		got.failure = err.Error()
		return got
	}
	defer response.Body.Close()
	got.status = response.StatusCode
	if response.TLS != nil {
		got.serial = response.TLS.PeerCertificates[0].SerialNumber.Text(16)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		got.failure = "body: " + err.Error()
		return got
	}
	var said echo
	if json.Unmarshal(body, &said) == nil {
		got.pod = said.Pod
		got.route = strings.Join(said.Headers[routeHeader], ",")
	}
	return got
}

// line writes an answer as the package comment says; `before` are further columns.
func line(sink io.Writer, got answer, before ...any) {
	for _, column := range before {
		fmt.Fprintf(sink, "%v\t", column)
	}
	failure := strings.Join(strings.Fields(got.failure), " ")
	fmt.Fprintf(sink, "%d\t%d\t%d\t%s\t%s\t%s\t%d\t%s\n",
		got.began.UnixNano(), got.duration.Nanoseconds(), got.status, got.route, got.pod, got.serial, got.tries, failure)
}
