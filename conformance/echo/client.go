package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	patience = 5 * time.Second
	longest  = 1 << 20
)

// header is a flag NAME:VALUE that may be given again.
type header [][2]string

func (list *header) String() string { return fmt.Sprint(*list) }

func (list *header) Set(text string) error {
	name, value, whole := strings.Cut(text, ":")
	if !whole {
		return errors.New("a header is NAME:VALUE")
	}
	*list = append(*list, [2]string{strings.TrimSpace(name), strings.TrimSpace(value)})
	return nil
}

// question is what a client asks, as often as count says, by one pool of connections.
type question struct {
	target  *url.URL
	method  string
	headers header
	count   int
}

func runClient(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("usage: client URL [--method=GET] [-H NAME:VALUE]... [--count=N]")
	}
	target, err := url.Parse(arguments[0])
	if err != nil {
		return err
	}
	asked := question{target: target}
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	flags.StringVar(&asked.method, "method", http.MethodGet, "of HTTP")
	flags.Var(&asked.headers, "H", "a header NAME:VALUE; may be given again")
	flags.IntVar(&asked.count, "count", 1, "how often to ask")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	schemes := map[string]func(question) (func(context.Context) (*lines, error), error){
		"http": byHTTP, "https": byHTTP, "grpc": byRPC,
	}
	prepare := schemes[target.Scheme]
	if prepare == nil {
		return fmt.Errorf("%s: a URL begins with http, https or grpc", target)
	}
	ask, err := prepare(asked)
	if err != nil {
		return err
	}
	return askAll(ask, asked.count)
}

func askAll(ask func(context.Context) (*lines, error), count int) error {
	for number := range count {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		got, err := ask(ctx)
		cancel()
		if err != nil {
			return fmt.Errorf("request %d of %d: %w", number+1, count, err)
		}
		if number > 0 {
			fmt.Fprintln(os.Stdout)
		}
		fmt.Fprint(os.Stdout, got)
	}
	return nil
}

func byHTTP(asked question) (func(context.Context) (*lines, error), error) {
	client := &http.Client{
		// Backends have certificates that they made themselves.
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) (*lines, error) {
		request, err := http.NewRequestWithContext(ctx, asked.method, asked.target.String(), nil)
		if err != nil {
			return nil, err
		}
		for _, each := range asked.headers {
			if strings.EqualFold(each[0], "Host") {
				request.Host = each[1]
				continue
			}
			request.Header.Add(each[0], each[1])
		}
		response, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		told, err := io.ReadAll(io.LimitReader(response.Body, longest))
		if err != nil {
			return nil, err
		}
		got := &lines{}
		got.add("StatusCode", response.StatusCode)
		got.addHeaders("ResponseHeader", response.Header)
		got.addText(string(told))
		return got, nil
	}, nil
}

func byRPC(asked question) (func(context.Context) (*lines, error), error) {
	connection, err := grpc.NewClient(
		// The name is looked up by who connects, as for HTTP.
		"passthrough:///"+asked.target.Host,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy(), grpc.WithDisableServiceConfig(),
	)
	if err != nil {
		return nil, err
	}
	sent := metadata.MD{}
	for _, each := range asked.headers {
		sent.Append(each[0], each[1])
	}
	return func(ctx context.Context) (*lines, error) {
		var answered metadata.MD
		told := &wrapperspb.StringValue{}
		ctx = metadata.NewOutgoingContext(ctx, sent)
		err := connection.Invoke(ctx, "/"+rpcService+"/"+rpcMethod, &emptypb.Empty{}, told, grpc.Header(&answered))
		if err != nil {
			return nil, err
		}
		got := &lines{}
		got.add("StatusCode", http.StatusOK) // what the suite takes for OK
		got.addHeaders("ResponseHeader", answered)
		got.addText(told.Value)
		return got, nil
	}, nil
}
