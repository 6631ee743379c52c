// Command kubeletexec answers one request of a kubelet's /exec/NAMESPACE/POD/CONTAINER, by SPDY or by websockets.
//
// Its standard input is the connection, with the request at its beginning. Its arguments are the command that enters the
// container; what the request asks for is run after them. It ends when the answer has been given.
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

const (
	// A kubelet's: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ (streamingConnectionIdleTimeout).
	idle = 4 * time.Hour
	// How long the other side may take to open the streams that it asked for.
	streamCreation = 30 * time.Second
	// How long an answer without an upgrade, which says what is wrong with the request, may take to be written.
	farewell = 5 * time.Second
)

func main() {
	connection, err := net.FileConn(os.Stdin)
	if err != nil {
		log.Fatalf("standard input is no connection: %v", err)
	}
	answered := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/exec/{namespace}/{pod}/{container}", func(writer http.ResponseWriter, request *http.Request) {
		defer close(answered)
		serve(writer, request, inside{enter: os.Args[1:]})
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: farewell}
	go func() { _ = server.Serve(newSingle(connection)) }()
	<-answered
	ending, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_ = server.Shutdown(ending)
}

func serve(writer http.ResponseWriter, request *http.Request, executor remotecommand.Executor) {
	options, err := remotecommand.NewOptions(request)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	pod := request.PathValue("namespace") + "/" + request.PathValue("pod")
	remotecommand.ServeExec(
		writer, request, executor, pod, "", request.PathValue("container"), request.URL.Query()["command"],
		options, idle, streamCreation, remotecommand.SupportedStreamingProtocols,
	)
}

// single is a listener that gives one connection and then waits to be closed.
type single struct {
	connections chan net.Conn
	address     net.Addr
}

func newSingle(connection net.Conn) single {
	connections := make(chan net.Conn, 1)
	connections <- connection
	return single{connections: connections, address: connection.LocalAddr()}
}

func (listener single) Accept() (net.Conn, error) {
	connection, open := <-listener.connections
	if !open {
		return nil, net.ErrClosed
	}
	return connection, nil
}

func (listener single) Close() error {
	close(listener.connections)
	return nil
}

func (listener single) Addr() net.Addr { return listener.address }
