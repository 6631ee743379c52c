package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

const (
	headers = 5 * time.Second
	// A self-signed certificate is for one run of a test.
	validity = 24 * time.Hour
)

// ports is a flag that may be given again.
type ports []int

func (list *ports) String() string { return fmt.Sprint(*list) }

func (list *ports) Set(text string) error {
	port, err := strconv.Atoi(text)
	*list = append(*list, port)
	return err
}

func runServer(arguments []string) error {
	var web, rpc, raw, secured ports
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.Var(&web, "port", "HTTP/1.1 and h2c; may be given again (8080 when no port at all is given)")
	flags.Var(&rpc, "grpc", "gRPC")
	flags.Var(&raw, "tcp", "tells its name and sends back what it gets")
	flags.Var(&secured, "tls", "which of the ports are TLS")
	certificate := flags.String("crt", "", "certificate; a self-signed one is made where there is no such file")
	key := flags.String("key", "", "its key")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if len(web)+len(rpc)+len(raw) == 0 {
		web = ports{8080}
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	pair, err := keyPair(*certificate, *key, name)
	if err != nil {
		return err
	}
	ended := make(chan error)
	serve := func(kind func(net.Listener, string) error, list ports) error {
		for _, port := range list {
			listener, err := listen(port, slices.Contains(secured, port), pair)
			if err != nil {
				return err
			}
			go func() { ended <- kind(listener, name) }()
		}
		return nil
	}
	if err := errors.Join(serve(serveWeb, web), serve(serveRPC, rpc), serve(serveRaw, raw)); err != nil {
		return err
	}
	return <-ended
}

func listen(port int, secured bool, pair tls.Certificate) (net.Listener, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil || !secured {
		return listener, err
	}
	settings := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	return tls.NewListener(listener, settings), nil
}

func serveWeb(listener net.Listener, name string) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	tell := func(writer http.ResponseWriter, request *http.Request) {
		log.Printf("%s %s from %s", request.Method, request.RequestURI, request.RemoteAddr)
		told := &lines{}
		told.add("Hostname", name)
		told.add("Method", request.Method)
		told.add("URL", request.RequestURI)
		told.add("Host", request.Host)
		told.add("Proto", request.Proto)
		told.add("IP", address(request.RemoteAddr))
		told.addHeaders("RequestHeader", request.Header)
		writer.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(writer, told.String())
	}
	server := &http.Server{Handler: http.HandlerFunc(tell), Protocols: protocols, ReadHeaderTimeout: headers}
	return server.Serve(listener)
}

func serveRPC(listener net.Listener, name string) error {
	server := grpc.NewServer()
	server.RegisterService(&description, teller(func(ctx context.Context) string {
		told := &lines{}
		told.add("Hostname", name)
		told.add("Proto", "GRPC")
		if caller, known := peer.FromContext(ctx); known {
			told.add("IP", address(caller.Addr.String()))
		}
		sent, _ := metadata.FromIncomingContext(ctx)
		told.addHeaders("RequestHeader", sent)
		return told.String()
	}))
	return server.Serve(listener)
}

func serveRaw(listener net.Listener, name string) error {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			fmt.Fprintf(connection, "Hostname=%s\n", name)
			_, _ = io.Copy(connection, connection)
		}()
	}
}

func address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

func keyPair(certificate, key, name string) (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if !errors.Is(err, fs.ErrNotExist) {
		return pair, err
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(validity),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, own.Public(), own)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: own}, err
}
