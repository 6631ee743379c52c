// Adsclient is N Envoys, as far as a control plane can tell: N streams of aggregated discovery on N connections, each
// with a state of its own. It takes commands, one JSON object a line, and answers each with one line.
//
//	adsclient -address unix:/path,unix:/other -clients 1000 [-sotw] [-identities FOLDER,FOLDER -server-name NAME]
//
// An identity is a folder with ca.crt, tls.crt and tls.key; clients take the identities in turn.
//
//	{"do":"connect"}                            all dial at once
//	{"do":"await","sum":"<hex>","count":n,"seconds":s} answers when all (but the stalled) hold exactly that
//	{"do":"complete","seconds":s}               answers when all have whatever their resources refer to, and those of an
//	                                            identity the same
//	{"do":"storm"}                              all drop, then all return with initial_resource_versions
//	{"do":"stall","clients":k,"holding":h,"slow":s}, {"do":"resume"}
//	                                            the first h take no response, but read as far as their windows allow;
//	                                            the next k stop reading from their sockets; the next s read slowly;
//	                                            nobody waits for these
//	{"do":"forget"}                             what each client has heard is counted from now on
//	{"do":"told","seconds":s}                   answers when all clients have heard something since then
//	{"do":"parties"}                            of each identity, what its clients have heard since then
//	{"do":"totals"}                             what was counted since the last answer
//
// `sum` is the sum modulo 2^64 over all resources of the first 8 bytes (little endian) of
// SHA-256(type URL, NUL, name, NUL, body), so equal sums mean equal resources. Times are CLOCK_MONOTONIC in seconds.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

type command struct {
	Do      string `json:"do"`
	Sum     string `json:"sum"`
	Count   int64  `json:"count"`
	Clients int    `json:"clients"`
	Holding int    `json:"holding"`
	Slow    int    `json:"slow"`
	Seconds int    `json:"seconds"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "adsclient:", err)
		os.Exit(1)
	}
}

func run() error {
	address := flag.String("address", "", "where to connect, comma-separated: clients take them in turn")
	clients := flag.Int("clients", 1, "how many streams")
	first := flag.Int("first", 0, "number of the first client; node ids are client-NUMBER")
	cluster := flag.String("node-cluster", "bench/gw", "cluster of the Node message")
	drain := flag.Float64("drain", 0, "seconds, in the Node message; 0 says nothing")
	narrow := flag.Int("narrow", 0, "how many clients, the first ones, have windows of 64 KiB instead of Envoy's 16 MiB")
	sotw := flag.Bool("sotw", false, "state of the world instead of incremental")
	identities := flag.String("identities", "", "folders, comma-separated; without any nothing is encrypted")
	serverName := flag.String("server-name", "", "name in the server's certificate")
	flag.Parse()
	secure, err := transports(*identities, *serverName)
	if err != nil {
		return err
	}
	fleet := newFleet(strings.Split(*address, ","), *clients, *first, *cluster, *sotw, secure)
	fleet.drain, fleet.narrow = *drain, *narrow
	answers := json.NewEncoder(os.Stdout)
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		var asked command
		if err := json.Unmarshal(commands.Bytes(), &asked); err != nil {
			return err
		}
		answer, err := obey(fleet, asked)
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return commands.Err()
}

func obey(fleet *fleet, asked command) (any, error) {
	switch asked.Do {
	case "connect":
		fleet.connect()
	case "await":
		sum, err := strconv.ParseUint(asked.Sum, 16, 64)
		if err != nil {
			return nil, err
		}
		return fleet.await(sum, asked.Count, time.Duration(asked.Seconds)*time.Second)
	case "complete":
		return fleet.complete(time.Duration(asked.Seconds) * time.Second)
	case "storm":
		fleet.storm()
	case "stall":
		fleet.read(asked.Holding, asked.Clients, asked.Slow)
	case "resume":
		fleet.read(0, 0, 0)
	case "forget":
		fleet.forget()
	case "told":
		return fleet.told(time.Duration(asked.Seconds) * time.Second)
	case "parties":
		return fleet.parties(), nil
	case "totals":
	default:
		return nil, fmt.Errorf("%q: unknown command", asked.Do)
	}
	return fleet.report(), nil
}

func transports(folders, serverName string) ([]credentials.TransportCredentials, error) {
	if folders == "" {
		return []credentials.TransportCredentials{insecure.NewCredentials()}, nil
	}
	var made []credentials.TransportCredentials
	for _, folder := range strings.Split(folders, ",") {
		secure, err := transport(folder, serverName)
		if err != nil {
			return nil, err
		}
		made = append(made, secure)
	}
	return made, nil
}

func transport(folder, serverName string) (credentials.TransportCredentials, error) {
	pem, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"))
	if err != nil {
		return nil, err
	}
	return credentials.NewTLS(&tls.Config{
		RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: serverName, MinVersion: tls.VersionTLS12,
	}), nil
}
