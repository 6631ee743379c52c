// Gcp serves recorded resources with go-control-plane, for comparison. Standard input tells it to go on: each line
// makes it apply the next step of the record, then it prints the line back.
//
//	gcp -mode snapshot|linear -nodes 1000 -socket PATH -record FILE
//	gcp -mode rewrite -record FILE
//
// `snapshot` is SnapshotCache with ads=true and one Snapshot for all nodes, client-0 to client-<nodes - 1>, as Envoy
// Gateway uses it; `linear` is one LinearCache a type behind a MuxCache. A line of the record is a JSON object: `step`
// (0: from the start), `type`, `name`, `body` (base64; none: remove). `rewrite` prints the record as this program would
// serve it: Go puts the fields of a message in another order than other languages do.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"

	_ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

type entry struct {
	Step int    `json:"step"`
	Type string `json:"type"`
	Name string `json:"name"`
	Body []byte `json:"body,omitempty"`
}

// served is a cache that takes steps.
type served interface {
	apply(step int, entries []entry)
}

type snapshots struct {
	cache.SnapshotCache
	nodes int
	have  map[string]map[string]types.Resource
}

func (s *snapshots) apply(step int, entries []entry) {
	for _, each := range entries {
		if s.have[each.Type] == nil {
			s.have[each.Type] = map[string]types.Resource{}
		}
		if each.Body == nil {
			delete(s.have[each.Type], each.Name)
			continue
		}
		s.have[each.Type][each.Name] = message(each)
	}
	lists := map[string][]types.Resource{}
	for url, named := range s.have {
		for _, each := range named {
			lists[url] = append(lists[url], each)
		}
	}
	made, err := cache.NewSnapshot(strconv.Itoa(step), lists)
	check(err)
	check(made.ConstructVersionMap())
	for number := range s.nodes {
		check(s.SetSnapshot(context.Background(), fmt.Sprintf("client-%d", number), made))
	}
}

type linear struct{ caches map[string]cache.Cache }

func (l *linear) apply(step int, entries []entry) {
	if step == 0 {
		initial := map[string]map[string]types.Resource{}
		for _, each := range entries {
			if initial[each.Type] == nil {
				initial[each.Type] = map[string]types.Resource{}
			}
			initial[each.Type][each.Name] = message(each)
		}
		for url, named := range initial {
			l.caches[url] = cache.NewLinearCache(url, cache.WithInitialResources(named))
		}
		return
	}
	for _, each := range entries {
		if each.Body == nil {
			check(l.caches[each.Type].(*cache.LinearCache).DeleteResource(each.Name))
			continue
		}
		check(l.caches[each.Type].(*cache.LinearCache).UpdateResource(each.Name, message(each)))
	}
}

func rewrite(steps map[int][]entry) {
	sink := bufio.NewWriter(os.Stdout)
	lines := json.NewEncoder(sink)
	for step := range len(steps) {
		for _, each := range steps[step] {
			if each.Body != nil {
				var err error
				each.Body, err = cache.MarshalResource(message(each))
				check(err)
			}
			check(lines.Encode(each))
		}
	}
	check(sink.Flush())
}

func message(of entry) types.Resource {
	made, err := (&anypb.Any{TypeUrl: of.Type, Value: of.Body}).UnmarshalNew()
	check(err)
	return made
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	mode, nodes := flag.String("mode", "snapshot", "snapshot or linear"), flag.Int("nodes", 1, "how many nodes there are")
	socket, record := flag.String("socket", "", "where to listen"), flag.String("record", "", "what to serve")
	flag.Parse()
	steps := read(*record)
	if *mode == "rewrite" {
		rewrite(steps)
		return
	}
	var from cache.Cache
	var caches served
	if *mode == "snapshot" {
		made := cache.NewSnapshotCache(true, cache.IDHash{}, nil)
		from, caches = made, &snapshots{SnapshotCache: made, nodes: *nodes, have: map[string]map[string]types.Resource{}}
	} else {
		made := &linear{caches: map[string]cache.Cache{}}
		from, caches = &cache.MuxCache{
			Classify:      func(request *cache.Request) string { return request.GetTypeUrl() },
			ClassifyDelta: func(request *cache.DeltaRequest) string { return request.GetTypeUrl() },
			Caches:        made.caches,
		}, made
	}
	caches.apply(0, steps[0])
	listener, err := net.Listen("unix", *socket)
	check(err)
	serving := grpc.NewServer(grpc.MaxRecvMsgSize(32 << 20))
	discovery.RegisterAggregatedDiscoveryServiceServer(serving, server.NewServer(context.Background(), from, nil))
	go func() { check(serving.Serve(listener)) }()
	fmt.Println("ready")
	commands := bufio.NewScanner(os.Stdin)
	for step := 1; commands.Scan(); step++ {
		caches.apply(step, steps[step])
		fmt.Println(commands.Text())
	}
}

func read(path string) map[int][]entry {
	file, err := os.Open(path)
	check(err)
	defer file.Close()
	steps := map[int][]entry{}
	for lines := json.NewDecoder(file); lines.More(); {
		var each entry
		check(lines.Decode(&each))
		steps[each.Step] = append(steps[each.Step], each)
	}
	return steps
}
