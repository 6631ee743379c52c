from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetNamesRequest(_message.Message):
    __slots__ = ("begun",)
    BEGUN_FIELD_NUMBER: _ClassVar[int]
    begun: str
    def __init__(self, begun: _Optional[str] = ...) -> None: ...

class GetNamesResponse(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, names: _Optional[_Iterable[str]] = ...) -> None: ...

class OpenPageRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OpenPageResponse(_message.Message):
    __slots__ = ("address",)
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    address: str
    def __init__(self, address: _Optional[str] = ...) -> None: ...

class SetLogLevelRequest(_message.Message):
    __slots__ = ("level",)
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    level: str
    def __init__(self, level: _Optional[str] = ...) -> None: ...

class SetLogLevelResponse(_message.Message):
    __slots__ = ("level",)
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    level: str
    def __init__(self, level: _Optional[str] = ...) -> None: ...

class GetExplanationRequest(_message.Message):
    __slots__ = ("scheme", "method", "host", "target", "headers", "client", "port")
    SCHEME_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    scheme: str
    method: str
    host: str
    target: str
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    client: str
    port: int
    def __init__(self, scheme: _Optional[str] = ..., method: _Optional[str] = ..., host: _Optional[str] = ..., target: _Optional[str] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., client: _Optional[str] = ..., port: _Optional[int] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class GetExplanationResponse(_message.Message):
    __slots__ = ("lines", "json", "is_taken", "where")
    LINES_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    IS_TAKEN_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedScalarFieldContainer[str]
    json: str
    is_taken: bool
    where: str
    def __init__(self, lines: _Optional[_Iterable[str]] = ..., json: _Optional[str] = ..., is_taken: _Optional[bool] = ..., where: _Optional[str] = ...) -> None: ...

class GetConfigRequest(_message.Message):
    __slots__ = ("gateway", "type", "name", "with_content")
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    WITH_CONTENT_FIELD_NUMBER: _ClassVar[int]
    gateway: str
    type: str
    name: str
    with_content: bool
    def __init__(self, gateway: _Optional[str] = ..., type: _Optional[str] = ..., name: _Optional[str] = ..., with_content: _Optional[bool] = ...) -> None: ...

class GetConfigResponse(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[ConfigResource]
    def __init__(self, resources: _Optional[_Iterable[_Union[ConfigResource, _Mapping]]] = ...) -> None: ...

class ConfigResource(_message.Message):
    __slots__ = ("gateway", "type", "name", "version", "json")
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    gateway: str
    type: str
    name: str
    version: str
    json: str
    def __init__(self, gateway: _Optional[str] = ..., type: _Optional[str] = ..., name: _Optional[str] = ..., version: _Optional[str] = ..., json: _Optional[str] = ...) -> None: ...

class GetPlacesRequest(_message.Message):
    __slots__ = ("rules",)
    RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[Rule]
    def __init__(self, rules: _Optional[_Iterable[_Union[Rule, _Mapping]]] = ...) -> None: ...

class Rule(_message.Message):
    __slots__ = ("kind", "namespace", "name", "rule")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    namespace: str
    name: str
    rule: int
    def __init__(self, kind: _Optional[str] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., rule: _Optional[int] = ...) -> None: ...

class GetPlacesResponse(_message.Message):
    __slots__ = ("places",)
    PLACES_FIELD_NUMBER: _ClassVar[int]
    places: _containers.RepeatedCompositeFieldContainer[RulePlace]
    def __init__(self, places: _Optional[_Iterable[_Union[RulePlace, _Mapping]]] = ...) -> None: ...

class RulePlace(_message.Message):
    __slots__ = ("file", "line")
    FILE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    file: str
    line: int
    def __init__(self, file: _Optional[str] = ..., line: _Optional[int] = ...) -> None: ...

class GetWhyRequest(_message.Message):
    __slots__ = ("kind", "namespace", "name")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    kind: str
    namespace: str
    name: str
    def __init__(self, kind: _Optional[str] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class GetWhyResponse(_message.Message):
    __slots__ = ("steps", "where")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    steps: _containers.RepeatedCompositeFieldContainer[Step]
    where: str
    def __init__(self, steps: _Optional[_Iterable[_Union[Step, _Mapping]]] = ..., where: _Optional[str] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("depth", "mark", "subject", "says", "place", "withheld")
    class Mark(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        INFO: _ClassVar[Step.Mark]
        GOOD: _ClassVar[Step.Mark]
        BAD: _ClassVar[Step.Mark]
    INFO: Step.Mark
    GOOD: Step.Mark
    BAD: Step.Mark
    class Words(_message.Message):
        __slots__ = ("subject", "says")
        SUBJECT_FIELD_NUMBER: _ClassVar[int]
        SAYS_FIELD_NUMBER: _ClassVar[int]
        subject: str
        says: str
        def __init__(self, subject: _Optional[str] = ..., says: _Optional[str] = ...) -> None: ...
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SAYS_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    depth: int
    mark: Step.Mark
    subject: str
    says: str
    place: str
    withheld: Step.Words
    def __init__(self, depth: _Optional[int] = ..., mark: _Optional[_Union[Step.Mark, str]] = ..., subject: _Optional[str] = ..., says: _Optional[str] = ..., place: _Optional[str] = ..., withheld: _Optional[_Union[Step.Words, _Mapping]] = ...) -> None: ...

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("gateways", "routes", "proxies", "problems", "notices", "folder", "version")
    GATEWAYS_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    PROXIES_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    gateways: _containers.RepeatedCompositeFieldContainer[Gateway]
    routes: _containers.RepeatedCompositeFieldContainer[Route]
    proxies: _containers.RepeatedCompositeFieldContainer[Proxy]
    problems: _containers.RepeatedCompositeFieldContainer[Problem]
    notices: _containers.RepeatedScalarFieldContainer[str]
    folder: str
    version: str
    def __init__(self, gateways: _Optional[_Iterable[_Union[Gateway, _Mapping]]] = ..., routes: _Optional[_Iterable[_Union[Route, _Mapping]]] = ..., proxies: _Optional[_Iterable[_Union[Proxy, _Mapping]]] = ..., problems: _Optional[_Iterable[_Union[Problem, _Mapping]]] = ..., notices: _Optional[_Iterable[str]] = ..., folder: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("mark", "reason")
    class Mark(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[Condition.Mark]
        TRUE: _ClassVar[Condition.Mark]
        FALSE: _ClassVar[Condition.Mark]
    UNKNOWN: Condition.Mark
    TRUE: Condition.Mark
    FALSE: Condition.Mark
    MARK_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    mark: Condition.Mark
    reason: str
    def __init__(self, mark: _Optional[_Union[Condition.Mark, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class Gateway(_message.Message):
    __slots__ = ("name", "listeners", "address", "accepted", "programmed", "acked_at", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LISTENERS_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    PROGRAMMED_FIELD_NUMBER: _ClassVar[int]
    ACKED_AT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    listeners: _containers.RepeatedScalarFieldContainer[str]
    address: str
    accepted: Condition
    programmed: Condition
    acked_at: str
    version: str
    def __init__(self, name: _Optional[str] = ..., listeners: _Optional[_Iterable[str]] = ..., address: _Optional[str] = ..., accepted: _Optional[_Union[Condition, _Mapping]] = ..., programmed: _Optional[_Union[Condition, _Mapping]] = ..., acked_at: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class Acked(_message.Message):
    __slots__ = ("proxies", "of", "milliseconds")
    PROXIES_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    proxies: int
    of: int
    milliseconds: float
    def __init__(self, proxies: _Optional[int] = ..., of: _Optional[int] = ..., milliseconds: _Optional[float] = ...) -> None: ...

class Route(_message.Message):
    __slots__ = ("kind", "name", "hostnames", "parents", "accepted", "resolved_refs", "programmed", "acked")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    HOSTNAMES_FIELD_NUMBER: _ClassVar[int]
    PARENTS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_REFS_FIELD_NUMBER: _ClassVar[int]
    PROGRAMMED_FIELD_NUMBER: _ClassVar[int]
    ACKED_FIELD_NUMBER: _ClassVar[int]
    kind: str
    name: str
    hostnames: _containers.RepeatedScalarFieldContainer[str]
    parents: _containers.RepeatedScalarFieldContainer[str]
    accepted: Condition
    resolved_refs: Condition
    programmed: Condition
    acked: Acked
    def __init__(self, kind: _Optional[str] = ..., name: _Optional[str] = ..., hostnames: _Optional[_Iterable[str]] = ..., parents: _Optional[_Iterable[str]] = ..., accepted: _Optional[_Union[Condition, _Mapping]] = ..., resolved_refs: _Optional[_Union[Condition, _Mapping]] = ..., programmed: _Optional[_Union[Condition, _Mapping]] = ..., acked: _Optional[_Union[Acked, _Mapping]] = ...) -> None: ...

class Proxy(_message.Message):
    __slots__ = ("gateway", "node", "envoy_version", "connected_since", "protocol", "synced", "types")
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    ENVOY_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_SINCE_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SYNCED_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    gateway: str
    node: str
    envoy_version: str
    connected_since: float
    protocol: str
    synced: bool
    types: _containers.RepeatedCompositeFieldContainer[TypeState]
    def __init__(self, gateway: _Optional[str] = ..., node: _Optional[str] = ..., envoy_version: _Optional[str] = ..., connected_since: _Optional[float] = ..., protocol: _Optional[str] = ..., synced: _Optional[bool] = ..., types: _Optional[_Iterable[_Union[TypeState, _Mapping]]] = ...) -> None: ...

class TypeState(_message.Message):
    __slots__ = ("type", "resources", "pending", "rejections")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    REJECTIONS_FIELD_NUMBER: _ClassVar[int]
    type: str
    resources: int
    pending: _containers.RepeatedScalarFieldContainer[str]
    rejections: _containers.RepeatedCompositeFieldContainer[Rejection]
    def __init__(self, type: _Optional[str] = ..., resources: _Optional[int] = ..., pending: _Optional[_Iterable[str]] = ..., rejections: _Optional[_Iterable[_Union[Rejection, _Mapping]]] = ...) -> None: ...

class Rejection(_message.Message):
    __slots__ = ("names", "message")
    NAMES_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    message: str
    def __init__(self, names: _Optional[_Iterable[str]] = ..., message: _Optional[str] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ("file", "line", "message")
    FILE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    file: str
    line: int
    message: str
    def __init__(self, file: _Optional[str] = ..., line: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...
