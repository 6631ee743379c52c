// Command echo is both ends of the suite's requests between Pods: `server` tells what a request was, in lines NAME=VALUE;
// `client` asks and prints these lines and what it got.
//
// It stands for the image echo-advanced, whose lines the suite reads (utils/echo/parse.go there).
package main

import (
	"fmt"
	"os"
)

func main() {
	ends := map[string]func([]string) error{"server": runServer, "client": runClient}
	if len(os.Args) < 2 || ends[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: echo server|client ARGUMENT...")
		os.Exit(2)
	}
	if err := ends[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
