package main

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

const wildcard = "*"

// references returns what a resource makes Envoy subscribe to; the name "*" stands for all of a kind.
func (r *register) references(of kind, body []byte) ([]*name, error) {
	var message proto.Message
	switch of {
	case cds:
		message = &cluster.Cluster{}
	case lds:
		message = &listener.Listener{}
	case srds:
		message = &route.ScopedRouteConfiguration{}
	default:
		return nil, nil
	}
	if err := proto.Unmarshal(body, message); err != nil {
		return nil, err
	}
	var found []*name
	walk(message.ProtoReflect(), func(to kind, text string) {
		found = append(found, r.name(to, []byte(text)))
	})
	return found, nil
}

// walk visits the references of a message and of all messages in it.
func walk(message protoreflect.Message, visit func(kind, string)) {
	switch typed := message.Interface().(type) {
	case *anypb.Any:
		if inner, err := typed.UnmarshalNew(); err == nil { // a type that is not linked in refers to nothing
			walk(inner.ProtoReflect(), visit)
		}
		return
	case *cluster.Cluster:
		if typed.GetType() == cluster.Cluster_EDS {
			text := typed.GetName()
			if service := typed.GetEdsClusterConfig().GetServiceName(); service != "" {
				text = service
			}
			visit(eds, text)
		}
	case *route.ScopedRouteConfiguration:
		if text := typed.GetRouteConfigurationName(); text != "" {
			visit(rds, text)
		}
	case *hcm.Rds:
		visit(rds, typed.GetRouteConfigName())
	case *hcm.HttpFilter:
		if typed.GetConfigDiscovery() != nil {
			visit(ecds, typed.GetName())
		}
	case *hcm.ScopedRds:
		visit(srds, wildcard)
	case *tls.SdsSecretConfig:
		if typed.GetSdsConfig() != nil {
			visit(sds, typed.GetName())
		}
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, each protoreflect.Value) bool {
					walk(each.Message(), visit)
					return true
				})
			}
		case field.Message() == nil:
		case field.IsList():
			for number := range value.List().Len() {
				walk(value.List().Get(number).Message(), visit)
			}
		default:
			walk(value.Message(), visit)
		}
		return true
	})
}
