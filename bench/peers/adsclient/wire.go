package main

import (
	"fmt"
	"io"
	"math"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// item is one resource of a response; slices of the response's buffer, which is used again.
type item struct{ name, version, body []byte }

// response is what is read of a DeltaDiscoveryResponse or a DiscoveryResponse.
type response struct {
	version, typeURL, nonce []byte
	items                   []item
	removed                 [][]byte
}

// fields visits the length-delimited fields of a message and skips all others.
func fields(data []byte, visit func(number protowire.Number, value []byte) error) error {
	for len(data) > 0 {
		number, kind, head := protowire.ConsumeTag(data)
		if head < 0 {
			return protowire.ParseError(head)
		}
		data = data[head:]
		if kind != protowire.BytesType {
			rest := protowire.ConsumeFieldValue(number, kind, data)
			if rest < 0 {
				return protowire.ParseError(rest)
			}
			data = data[rest:]
			continue
		}
		value, size := protowire.ConsumeBytes(data)
		if size < 0 {
			return protowire.ParseError(size)
		}
		data = data[size:]
		if err := visit(number, value); err != nil {
			return err
		}
	}
	return nil
}

// parse reads the envelope (discovery.proto: both messages share the numbers but 6) and no resource's inside.
func (into *response) parse(data []byte, sotw bool) error {
	into.items, into.removed = into.items[:0], into.removed[:0]
	into.version, into.typeURL, into.nonce = nil, nil, nil
	return fields(data, func(number protowire.Number, value []byte) error {
		switch number {
		case 1:
			into.version = value
		case 2:
			found, err := parseItem(value, sotw)
			into.items = append(into.items, found)
			return err
		case 4:
			into.typeURL = value
		case 5:
			into.nonce = value
		case 6:
			if !sotw {
				into.removed = append(into.removed, value)
			}
		}
		return nil
	})
}

// parseItem reads a Resource (delta), or an Any whose name is the body's field 1 (state of the world).
func parseItem(data []byte, sotw bool) (found item, err error) {
	if sotw {
		found.body, err = anyValue(data)
		if err != nil {
			return found, err
		}
		stop := fields(found.body, func(number protowire.Number, value []byte) error {
			if number == 1 {
				found.name = value
				return io.EOF
			}
			return nil
		})
		if stop != io.EOF {
			return found, fmt.Errorf("a resource without a name: %v", stop)
		}
		return found, nil
	}
	err = fields(data, func(number protowire.Number, value []byte) (err error) {
		switch number {
		case 1:
			found.version = value
		case 2:
			found.body, err = anyValue(value)
		case 3:
			found.name = value
		}
		return err
	})
	return found, err
}

func anyValue(data []byte) (body []byte, err error) {
	err = fields(data, func(number protowire.Number, value []byte) error {
		if number == 2 {
			body = value
		}
		return nil
	})
	return body, err
}

// text appends a string or message field.
func text(to []byte, number protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(to, number, protowire.BytesType), value)
}

// node is field `number` of a request: a Node with id and cluster, and for how many seconds its listeners drain.
func node(to []byte, number protowire.Number, id, cluster string, drain float64) []byte {
	message := text(text(nil, 1, id), 2, cluster)
	if drain > 0 {
		value := protowire.AppendFixed64(protowire.AppendTag(nil, 2, protowire.Fixed64Type), math.Float64bits(drain))
		field := text(text(nil, 1, "gatewayd.drain_seconds"), 2, string(value))
		message = text(message, 3, string(text(nil, 1, string(field))))
	}
	return text(to, number, string(message))
}

// codec moves bytes: requests are made as bytes, responses are handed over as they came.
type codec struct{ pool mem.BufferPool }

func (codec) Name() string { return "proto" }

func (codec) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*message.(*[]byte))}, nil
}

// Unmarshal calls the receiver with the message, which is valid until it returns.
func (c codec) Unmarshal(data mem.BufferSlice, receiver any) error {
	whole := data.MaterializeToBuffer(c.pool)
	defer whole.Free()
	return receiver.(func([]byte) error)(whole.ReadOnlyData())
}
