package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	rpcService = "gatewayd.echo.v1.Echo"
	rpcMethod  = "Tell"
)

// teller is a server's only method: it gets nothing and tells what the request was.
type teller func(context.Context) string

// description is what protoc-gen-go-grpc would make of `rpc Tell(google.protobuf.Empty) returns (google.protobuf.StringValue)`.
var description = grpc.ServiceDesc{
	ServiceName: rpcService,
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: rpcMethod, Handler: handle}},
}

func handle(server any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	if err := decode(&emptypb.Empty{}); err != nil {
		return nil, err
	}
	return wrapperspb.String(server.(teller)(ctx)), nil
}
