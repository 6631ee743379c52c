from envoy.extensions.filters.http.oauth2.v3 import oauth_pb2 as _oauth_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OAuth2PerRoute(_message.Message):
    __slots__ = ("config",)
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    config: _oauth_pb2.OAuth2Config
    def __init__(self, config: _Optional[_Union[_oauth_pb2.OAuth2Config, _Mapping]] = ...) -> None: ...
